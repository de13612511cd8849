package dev.flover.engine.chat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The variables that a chat template reads. All values in them are strings, `Long`, `Double`, booleans, null, and
/// lists and maps of these.
///
/// @param messages      one map for each message, with `role`, `content` and any other field that templates read, such
///                      as `tool_calls` and `reasoning_content`
/// @param tools         the tools that the model may call, each described by a JSON Schema; null for none
/// @param asksForAnswer whether the prompt ends with the beginning of the assistant's turn (`add_generation_prompt`)
/// @param more          further variables that templates read, such as `enable_thinking`
public record Conversation(
        List<Map<String, Object>> messages, @Nullable List<?> tools, boolean asksForAnswer, Map<String, ?> more) {
    public Conversation {
        Objects.requireNonNull(messages, "messages");
        Objects.requireNonNull(more, "more");
    }

    /// A conversation of plain messages, without tools, that asks for the assistant's answer.
    public static Conversation of(List<Message> messages) {
        return new Conversation(messages.stream().map(Message::value).toList(), null, true, Map.of());
    }
}
