package dev.flover.topology.request;

import dev.flover.engine.chat.ChatTemplate;
import dev.flover.engine.chat.ChatTemplateException;
import dev.flover.engine.chat.Conversation;
import dev.flover.engine.chat.MarkedConversation;
import dev.flover.engine.chat.Message;
import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.schemas.ChatMessage;
import dev.flover.topology.tools.JsonValues;
import dev.flover.topology.tools.Tool;
import dev.flover.topology.tools.ToolFormat;
import dev.flover.topology.tools.ToolFormats;
import dev.flover.topology.tools.WrongFieldException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes conversations as prompts by the model's own chat template. Only the template writes special tokens: where a
/// message spells one, it stays text, unless the operator allows it (`parsesMessages`).
public final class ChatPrompts implements Chat {
    private static final Logger LOG = LoggerFactory.getLogger(ChatPrompts.class);

    private final ChatTemplate template;
    private final ToolTemplate toolTemplate;
    private final Model model;
    private final Tokenizer tokenizer;
    private final @Nullable ToolFormat toolFormat;

    /// The template for conversations with tools.
    private sealed interface ToolTemplate {
        record Usable(ChatTemplate template) implements ToolTemplate {}

        record Unusable(ChatTemplateException reason) implements ToolTemplate {}
    }

    private ChatPrompts(ChatTemplate template, ToolTemplate toolTemplate, Model model, Tokenizer tokenizer) {
        this.template = template;
        this.toolTemplate = toolTemplate;
        this.model = model;
        this.tokenizer = tokenizer;
        this.toolFormat = switch (toolTemplate) {
            case ToolTemplate.Usable usable -> ToolFormats.of(usable.template(), model.templateTokens());
            case ToolTemplate.Unusable _ -> null;
        };
    }

    /// The prompts of a model; null where the model has no template or no tokenizer. Where a template for tools alone
    /// cannot be read, the reason is logged now, and each conversation with tools is refused with it.
    ///
    /// @throws ChatTemplateException if the template cannot be read
    public static @Nullable ChatPrompts of(Model model, Clock clock) {
        var tokenizer = model.tokenizer();
        var source = model.chatTemplate();
        if (source == null || tokenizer == null) {
            return null;
        }
        var template = ChatTemplate.parse(source, clock);
        String withTools = model.toolTemplate();
        return new ChatPrompts(
                template, withTools == null ? new ToolTemplate.Usable(template) : toolTemplate(withTools, clock),
                model, tokenizer);
    }

    private static ToolTemplate toolTemplate(String source, Clock clock) {
        try {
            return new ToolTemplate.Usable(ChatTemplate.parseForTools(source, clock));
        } catch (ChatTemplateException e) {
            LOG.warn("{}", e.getMessage());
            return new ToolTemplate.Unusable(e);
        }
    }

    /// As [#of], but where the template cannot be read, the reason is logged now, and each conversation is refused with
    /// it.
    public static @Nullable Chat orRefusing(Model model, Clock clock) {
        try {
            return of(model, clock);
        } catch (ChatTemplateException e) {
            LOG.warn("{}", e.getMessage());
            return new Refusing(e);
        }
    }

    private record Refusing(ChatTemplateException reason) implements Chat {
        @Override
        public int[] prompt(List<ChatMessage> messages, List<Tool> tools) {
            throw reason;
        }

        @Override
        public String whyNoTools() {
            return Objects.requireNonNull(reason.getMessage());
        }
    }

    @Override
    public @Nullable ToolFormat toolFormat() {
        return toolFormat;
    }

    @Override
    public String whyNoTools() {
        return switch (toolTemplate) {
            case ToolTemplate.Usable _ -> UNKNOWN_FORMAT;
            case ToolTemplate.Unusable unusable -> Objects.requireNonNull(unusable.reason().getMessage());
        };
    }

    /// @throws ChatTemplateException if the template refuses the messages
    /// @throws WrongFieldException if a message is malformed; the message names the field
    @Override
    public int[] prompt(List<ChatMessage> messages, List<Tool> tools) {
        var conversation = conversation(messages, tools);
        var used = tools.isEmpty() ? template : switch (toolTemplate) {
            case ToolTemplate.Usable usable -> usable.template();
            case ToolTemplate.Unusable unusable -> throw unusable.reason();
        };
        if (model.parsesMessages()) {
            return tokenizer.encode(used.render(conversation, model.templateTokens()), true);
        }
        var prompt = MarkedConversation.render(
                used, conversation, model.templateTokens(), tokenizer::markupAt);
        return tokenizer.encodeMarked(prompt.text(), prompt.marks()::unmarked);
    }

    private static Conversation conversation(List<ChatMessage> messages, List<Tool> tools) {
        var called = new HashMap<String, String>();
        var rendered = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < messages.size(); i++) {
            var message = messages.get(i);
            String place = "messages[" + i + "]";
            var value = new Message(message.getRole(), message.getContent()).value();
            if (!message.getToolCalls().isEmpty()) {
                value.put("tool_calls", calls(message, place, called));
            }
            String callId = message.getToolCallId();
            if (callId != null) {
                if (!called.containsKey(callId)) {
                    throw new WrongFieldException(place + ".tool_call_id", place
                            + ".tool_call_id must be the id of a call in an earlier message, was '"
                            + RequestCheck.brief(callId) + "'");
                }
                value.put("tool_call_id", callId);
                value.put("name", called.get(callId));
            }
            rendered.add(value);
        }
        var shown = tools.isEmpty() ? null : tools.stream().map(Tool::value).toList();
        return new Conversation(rendered, shown, true, Map.of());
    }

    /// The calls of an assistant's message, in the form that templates read.
    ///
    /// @param called collects the names of called functions, by the ids of their calls
    private static List<Map<String, Object>> calls(ChatMessage message, String place, Map<String, String> called) {
        if (!message.getRole().equals("assistant")) {
            throw new WrongFieldException(place + ".tool_calls", place + ".tool_calls must be empty but in messages of "
                    + "the role assistant, was set in one of the role " + RequestCheck.brief(message.getRole()));
        }
        var calls = new ArrayList<Map<String, Object>>();
        for (var call : message.getToolCalls()) {
            var arguments = JsonValues.objectIn(call.getArguments());
            if (arguments == null) {
                throw new WrongFieldException(place + ".tool_calls", place + ".tool_calls[" + calls.size()
                        + "].arguments must be a JSON object, was " + RequestCheck.brief(call.getArguments()));
            }
            called.put(call.getId(), call.getName());
            var function = new HashMap<String, Object>();
            function.put("name", call.getName());
            function.put("arguments", JsonValues.value(arguments));
            calls.add(Map.of("id", call.getId(), "type", "function", "function", function));
        }
        return calls;
    }
}
