package dev.flover.engine.chat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// One turn of a conversation.
///
/// @param role    system, user, assistant, or another role that the model's template knows
/// @param content the text; may be empty
public record Message(String role, String content) {
    public Message {
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(content, "content");
        if (role.isBlank()) {
            throw new IllegalArgumentException("the role of a message must not be blank");
        }
    }

    /// The message as a map, which is the form that templates read. Each call makes a new map, to which the caller may
    /// add fields.
    public Map<String, Object> value() {
        var value = new LinkedHashMap<String, Object>();
        value.put("role", role);
        value.put("content", content);
        return value;
    }
}
