package dev.flover.app.offline;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.flover.schemas.ToolCall;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A tool call as the commands write it.
///
/// @param arguments a JSON object, as text
@JsonPropertyOrder({"id", "name", "arguments"})
public record ToolCallLine(
        @JsonProperty("id") String id,
        @JsonProperty("name") String name,
        @JsonProperty("arguments") String arguments) {
    /// Converts the calls of an answer; null if there are none.
    public static @Nullable List<ToolCallLine> of(List<ToolCall> calls) {
        return calls.isEmpty() ? null : calls.stream()
                .map(call -> new ToolCallLine(call.getId(), call.getName(), call.getArguments())).toList();
    }

    public String words() {
        return "calls " + name + " (" + id + "): " + arguments;
    }
}
