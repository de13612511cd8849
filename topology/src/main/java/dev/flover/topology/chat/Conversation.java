package dev.flover.topology.chat;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The variables of a chat template.
///
/// @param messages      a role and a content each, and what templates know besides: `tool_calls`, `reasoning_content`
/// @param tools         what the model may call, as JSON Schema says it; null for none
/// @param asksForAnswer whether the assistant answers next (`add_generation_prompt`)
/// @param more          further variables that templates know, such as `enable_thinking`
///
/// All values are strings, `Long`, `Double`, booleans, null, and lists and maps of those.
public record Conversation(
        List<Map<String, Object>> messages, List<?> tools, boolean asksForAnswer, Map<String, ?> more) {
    public Conversation {
        Objects.requireNonNull(messages, "messages");
        Objects.requireNonNull(more, "more");
    }

    /// Plain turns that ask for the next one.
    public static Conversation of(List<Message> messages) {
        return new Conversation(messages.stream().map(Message::value).toList(), null, true, Map.of());
    }
}
