package dev.flover.topology.chat;

import dev.flover.topology.chat.jinja.JinjaException;
import dev.flover.topology.chat.jinja.JinjaTemplate;
import java.time.Clock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model's own way to write a conversation as a prompt: a Jinja template that comes with its file.
///
/// Immutable and safe to share.
public final class ChatTemplate {
    private final JinjaTemplate template;

    private ChatTemplate(JinjaTemplate template) {
        this.template = template;
    }

    /// @param source from the model file
    /// @param clock  templates may write today's date
    /// @throws ChatTemplateException if the template uses what is not supported
    public static ChatTemplate parse(String source, Clock clock) {
        try {
            return new ChatTemplate(JinjaTemplate.parse(source, clock));
        } catch (JinjaException unsupported) {
            throw new ChatTemplateException("the model's chat template cannot be used: " + unsupported.getMessage()
                    + "; send a prompt instead of messages", unsupported);
        }
    }

    /// The prompt that asks for the next answer of the assistant. It already has every special token in spelling:
    /// encode it with those parsed and without adding a begin-of-text token where it starts with `bosText`.
    ///
    /// @param bosText spelling of the begin-of-text token, empty where there is none
    /// @param eosText spelling of the end-of-text token, empty where there is none
    /// @throws ChatTemplateException if the template refuses the messages, or fails on them
    public String render(List<Message> messages, String bosText, String eosText) {
        return render(messages, bosText, eosText, true);
    }

    /// @param asksForAnswer false: the conversation as it stands (`add_generation_prompt`)
    String render(List<Message> messages, String bosText, String eosText, boolean asksForAnswer) {
        var variables = new HashMap<String, Object>();
        variables.put("messages", messages.stream().map(ChatTemplate::value).toList());
        variables.put("bos_token", bosText);
        variables.put("eos_token", eosText);
        variables.put("add_generation_prompt", asksForAnswer);
        variables.put("tools", null);
        variables.put("documents", null);
        try {
            return template.render(variables);
        } catch (JinjaException failure) {
            throw new ChatTemplateException(failure.raised()
                    ? "the model's chat template refuses these messages: " + failure.getMessage()
                    : "the model's chat template fails on these messages: " + failure.getMessage(), failure);
        }
    }

    private static Map<String, Object> value(Message message) {
        var value = new LinkedHashMap<String, Object>();
        value.put("role", message.role());
        value.put("content", message.content());
        return value;
    }
}
