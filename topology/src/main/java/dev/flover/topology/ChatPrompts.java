package dev.flover.topology;

import dev.flover.engine.model.Model;
import dev.flover.schemas.ChatMessage;
import dev.flover.topology.chat.ChatTemplate;
import dev.flover.topology.chat.ChatTemplateException;
import dev.flover.topology.chat.Message;
import java.time.Clock;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Conversations as prompts, by the model's own chat template.
final class ChatPrompts implements Function<List<ChatMessage>, int[]> {
    private static final Logger LOG = LoggerFactory.getLogger(ChatPrompts.class);

    private final ChatTemplate template;
    private final Model model;

    private ChatPrompts(ChatTemplate template, Model model) {
        this.template = template;
        this.model = model;
    }

    /// Null where the model has no template that can be used.
    static ChatPrompts of(Model model, Clock clock) {
        if (model.chatTemplate() == null || model.tokenizer() == null) {
            return null;
        }
        try {
            return new ChatPrompts(ChatTemplate.parse(model.chatTemplate(), clock), model);
        } catch (ChatTemplateException e) {
            LOG.warn("{}", e.getMessage());
            return null;
        }
    }

    /// @throws ChatTemplateException if the template refuses the messages
    @Override
    public int[] apply(List<ChatMessage> messages) {
        var tokenizer = model.tokenizer();
        int begin = tokenizer.beginOfText();
        int end = model.endOfText().isEmpty() ? -1 : model.endOfText().tokens()[0];
        var conversation = messages.stream().map(m -> new Message(m.getRole(), m.getContent())).toList();
        String prompt = template.render(conversation, tokenizer.spelling(begin), tokenizer.spelling(end));
        int[] ids = tokenizer.encode(prompt, true);
        return begin < 0 || ids.length > 0 && ids[0] == begin ? ids : prepended(begin, ids);
    }

    private static int[] prepended(int begin, int[] ids) {
        int[] all = new int[ids.length + 1];
        all[0] = begin;
        System.arraycopy(ids, 0, all, 1, ids.length);
        return all;
    }
}
