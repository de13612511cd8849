package dev.flover.engine.chat;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import dev.flover.engine.chat.jinja.JinjaTemplate;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/// A model's chat template: the Jinja template in a model file that writes a conversation as a prompt.
///
/// Immutable and safe to share between threads.
public final class ChatTemplate {
    private final String source;
    private final JinjaTemplate template;

    private ChatTemplate(String source, JinjaTemplate template) {
        this.source = source;
        this.template = template;
    }

    /// @param source the template's text, from the model file
    /// @param clock  gives the date and time to templates that write today's date
    /// @throws ChatTemplateException if the template cannot be read or uses a construct that is not supported; the
    ///     message names the line
    public static ChatTemplate parse(String source, Clock clock) {
        return parse(source, clock, "chat template", "send a prompt instead of messages");
    }

    /// As [#parse], for the template that a model has for conversations with tools alone.
    public static ChatTemplate parseForTools(String source, Clock clock) {
        return parse(source, clock, "chat template for tools", "send messages without tools");
    }

    private static ChatTemplate parse(String source, Clock clock, String name, String remedy) {
        try {
            return new ChatTemplate(source, JinjaTemplate.parse(source, clock));
        } catch (JinjaException unsupported) {
            throw new ChatTemplateException("the model's " + name + " cannot be used: " + unsupported.getMessage()
                    + "; " + remedy, unsupported);
        }
    }

    /// Writes a conversation as a prompt. The prompt already spells every special token, the begin-of-text token
    /// included. So a caller that tokenizes it has to parse special tokens in it, and must not add a begin-of-text
    /// token.
    ///
    /// @param tokens the spellings of special tokens by the names that templates use for them, such as `bos_token`
    /// @throws ChatTemplateException if the template refuses the messages, or fails on them
    public String render(Conversation conversation, Map<String, String> tokens) {
        var variables = new HashMap<String, Object>(tokens);
        variables.put("messages", conversation.messages());
        variables.put("tools", conversation.tools());
        variables.put("documents", null);
        variables.put("add_generation_prompt", conversation.asksForAnswer());
        variables.putAll(conversation.more());
        try {
            return template.render(variables);
        } catch (JinjaException failure) {
            throw new ChatTemplateException(failure.raised()
                    ? "the model's chat template refuses these messages: " + failure.getMessage()
                    : "the model's chat template fails on these messages: " + failure.getMessage(), failure);
        }
    }

    /// Whether the template's source contains a text.
    boolean mentions(String text) {
        return source.contains(text);
    }

    String source() {
        return source;
    }
}
