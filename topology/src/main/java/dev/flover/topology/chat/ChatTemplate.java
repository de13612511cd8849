package dev.flover.topology.chat;

import dev.flover.topology.chat.jinja.JinjaException;
import dev.flover.topology.chat.jinja.JinjaTemplate;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/// A model's own way to write a conversation as a prompt: a Jinja template that comes with its file.
///
/// Immutable and safe to share.
public final class ChatTemplate {
    private final String source;
    private final JinjaTemplate template;

    private ChatTemplate(String source, JinjaTemplate template) {
        this.source = source;
        this.template = template;
    }

    /// @param source from the model file
    /// @param clock  templates may write today's date
    /// @throws ChatTemplateException if the template cannot be read or uses what is not supported, saying where
    public static ChatTemplate parse(String source, Clock clock) {
        try {
            return new ChatTemplate(source, JinjaTemplate.parse(source, clock));
        } catch (JinjaException unsupported) {
            throw new ChatTemplateException("the model's chat template cannot be used: " + unsupported.getMessage()
                    + "; send a prompt instead of messages", unsupported);
        }
    }

    /// The conversation as a prompt. It already has every special token in spelling: encode it with those parsed and
    /// without adding a begin-of-text token.
    ///
    /// @param tokens spellings of special tokens by the names that templates use, `bos_token` and the like
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

    /// Whether a text stands in the template itself.
    boolean mentions(String text) {
        return source.contains(text);
    }

    String source() {
        return source;
    }
}
