package dev.flover.schemas.lines;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// A line of the error file, in the form of OpenAI's batches:
///
/// ```
///   {"id": "JOB-17", "custom_id": "a", "response": null,
///    "error": {"code": "...", "message": "...", "param": null, "line": 17}}
/// ```
///
/// @param id       the id of the line's request, as [BatchLines#idOf] makes it
/// @param line     the line's number, from 1
/// @param customId null if the line has none, or cannot be read
/// @param param    the wrong field; null if no single field is known to be wrong
public record BatchError(
        String id, long line, @Nullable String customId, String code, String message, @Nullable String param) {
    public BatchError(String id, long line, @Nullable String customId, String code, String message) {
        this(id, line, customId, code, message, null);
    }

    public ObjectNode json() {
        var object = JsonNodeFactory.instance.objectNode().put("id", id).put("custom_id", customId);
        object.putNull("response");
        object.putObject("error").put("code", code).put("message", message).put("param", param).put("line", line);
        return object;
    }
}
