package dev.flover.topology;

import dev.flover.engine.model.Model;
import dev.flover.schemas.ChatMessage;
import dev.flover.topology.chat.ChatTemplate;
import dev.flover.topology.chat.ChatTemplateException;
import dev.flover.topology.chat.Conversation;
import dev.flover.topology.chat.MarkedConversation;
import dev.flover.topology.chat.Message;
import java.time.Clock;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Conversations as prompts, by the model's own chat template. Special tokens are those that the template writes; what
/// messages spell is text, unless the operator allows it.
final class ChatPrompts implements Function<List<ChatMessage>, int[]> {
    private static final Logger LOG = LoggerFactory.getLogger(ChatPrompts.class);

    private final ChatTemplate template;
    private final Model model;

    private ChatPrompts(ChatTemplate template, Model model) {
        this.template = template;
        this.model = model;
    }

    /// Null where the model has no template. One that cannot be read is logged now, and refuses every conversation with
    /// the same reason.
    static Function<List<ChatMessage>, int[]> of(Model model, Clock clock) {
        if (model.chatTemplate() == null || model.tokenizer() == null) {
            return null;
        }
        try {
            return new ChatPrompts(ChatTemplate.parse(model.chatTemplate(), clock), model);
        } catch (ChatTemplateException e) {
            LOG.warn("{}", e.getMessage());
            return _ -> {
                throw e;
            };
        }
    }

    /// @throws ChatTemplateException if the template refuses the messages
    @Override
    public int[] apply(List<ChatMessage> messages) {
        var tokenizer = model.tokenizer();
        var conversation = Conversation.of(
                messages.stream().map(m -> new Message(m.getRole(), m.getContent())).toList());
        if (model.parsesMessages()) {
            return tokenizer.encode(template.render(conversation, model.templateTokens()), true);
        }
        var prompt = MarkedConversation.render(
                template, conversation, model.templateTokens(), tokenizer::markupAt);
        return tokenizer.encodeMarked(prompt.text(), prompt.marks()::unmarked);
    }
}
