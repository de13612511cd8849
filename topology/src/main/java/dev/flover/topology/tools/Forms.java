package dev.flover.topology.tools;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.ConstraintSource.Exact;
import dev.flover.engine.constraint.ConstraintSource.InOrder;
import dev.flover.engine.constraint.ConstraintSource.OneOf;
import dev.flover.engine.constraint.ConstraintSource.Repeated;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Parsing and constraints that several of the tool-call formats share.
final class Forms {
    private Forms() {}

    /// Reads a call from a JSON object that has a `name` and arguments; null where the object has no such form.
    ///
    /// @param arguments the name of the field with the arguments: an object, or a string with an object in JSON
    static @Nullable ToolCall call(JsonNode object, String arguments) {
        var name = object.get("name");
        var given = object.get(arguments);
        if (name == null || !name.isTextual() || given == null) {
            return null;
        }
        var parsed = given.isTextual() ? JsonValues.objectIn(given.textValue()) : given;
        return parsed == null || !parsed.isObject() ? null : new ToolCall(name.textValue(), parsed.toString());
    }

    /// The constraint of a tool's arguments: JSON that fits the tool's parameters. White space between its elements is
    /// free, because models write some after colons and commas.
    static ConstraintSource arguments(Tool tool) {
        return new ConstraintSource.Named("the parameters of the tool " + tool.name(),
                new ConstraintSource.JsonSchema(tool.schema(), true));
    }

    /// The constraint of a call as a JSON object with a name and arguments, spaced as Python's `json.dumps` writes it.
    ///
    /// @param arguments the name of the field with the arguments
    static ConstraintSource object(Tool tool, String arguments) {
        return InOrder.of(new Exact("{\"name\": \"" + tool.name() + "\", \"" + arguments + "\": "), arguments(tool),
                new Exact("}"));
    }

    static ConstraintSource any(List<Tool> tools, Function<Tool, ConstraintSource> call) {
        return tools.size() == 1 ? call.apply(tools.getFirst()) : new OneOf(tools.stream().map(call).toList());
    }

    static ConstraintSource calls(ConstraintSource call, boolean several, String separator) {
        return several ? new Repeated(call, new Exact(separator)) : call;
    }
}
