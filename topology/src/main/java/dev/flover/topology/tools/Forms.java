package dev.flover.topology.tools;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.ConstraintSource.Exact;
import dev.flover.engine.constraint.ConstraintSource.InOrder;
import dev.flover.engine.constraint.ConstraintSource.OneOf;
import dev.flover.engine.constraint.ConstraintSource.Repeated;
import java.util.List;
import java.util.function.Function;

/// What several formats have in common.
final class Forms {
    private Forms() {}

    /// A call that is an object of a name and arguments; null where it is no such object.
    static ToolCall call(JsonNode object, String arguments) {
        var name = object.get("name");
        var given = object.get(arguments);
        if (name == null || !name.isTextual() || given == null) {
            return null;
        }
        var parsed = given.isTextual() ? JsonValues.objectIn(given.textValue()) : given;
        return parsed == null || !parsed.isObject() ? null : new ToolCall(name.textValue(), parsed.toString());
    }

    /// The arguments of a tool. White space is free, as models write it after colons and commas.
    static ConstraintSource arguments(Tool tool) {
        return new ConstraintSource.Named("the parameters of the tool " + tool.name(),
                new ConstraintSource.JsonSchema(tool.schema(), true));
    }

    /// An object of a name and arguments, as Python writes JSON.
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
