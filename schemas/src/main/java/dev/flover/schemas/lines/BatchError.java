package dev.flover.schemas.lines;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// A line of the error file, in the form of OpenAI's batches:
///
/// ```
///   {"id": "JOB-17", "custom_id": "a", "response": null, "error": {"code": "...", "message": "...", "line": 17}}
/// ```
///
/// @param id       the id of the line's request, as [BatchLines#idOf] makes it
/// @param line     the line's number, from 1
/// @param customId null if the line has none, or cannot be read
public record BatchError(String id, long line, String customId, String code, String message) {
    public ObjectNode json() {
        var object = JsonNodeFactory.instance.objectNode().put("id", id).put("custom_id", customId);
        object.putNull("response");
        object.putObject("error").put("code", code).put("message", message).put("line", line);
        return object;
    }
}
