package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.ConstraintSource.Exact;
import dev.flover.engine.constraint.ConstraintSource.InOrder;
import java.util.ArrayList;
import java.util.List;

/// The tool calls of Mistral models since Small 3.2: for each call a mark, the tool's name and the arguments.
///
/// ```
/// [TOOL_CALLS]weather[ARGS]{"city": "Oslo"}[TOOL_CALLS]weather[CALL_ID]a1B2c3D4e[ARGS]{"city": "Rome"}
/// ```
///
/// @param writesIds whether the model makes up an id for each call; the ids are read over and not used
record NamedCalls(boolean writesIds) implements ToolFormat {
    static final String ID = "[CALL_ID]";
    private static final String ARGUMENTS = "[ARGS]";

    @Override
    public List<ToolCall> parse(String answer) {
        var calls = new ArrayList<ToolCall>();
        int at = answer.indexOf(ListedCalls.MARK);
        while (at >= 0) {
            int name = at + ListedCalls.MARK.length();
            int arguments = answer.indexOf(ARGUMENTS, name);
            if (arguments < 0) {
                return calls;
            }
            var found = JsonValues.at(answer, JsonValues.skipSpace(answer, arguments + ARGUMENTS.length()));
            if (found == null || !found.value().isObject()) {
                return calls;
            }
            int id = answer.indexOf(ID, name);
            calls.add(new ToolCall(answer.substring(name, id >= 0 && id < arguments ? id : arguments).strip(),
                    found.value().toString()));
            at = answer.indexOf(ListedCalls.MARK, found.end());
        }
        return calls;
    }

    @Override
    public ConstraintSource forced(List<Tool> tools, boolean several) {
        return Forms.calls(Forms.any(tools, this::call), several, "");
    }

    private ConstraintSource call(Tool tool) {
        var name = new Exact(ListedCalls.MARK + tool.name());
        var arguments = Forms.arguments(tool);
        return writesIds
                ? InOrder.of(name, new Exact(ID), new ConstraintSource.Pattern("[a-zA-Z0-9]{9}"), new Exact(ARGUMENTS),
                        arguments)
                : InOrder.of(name, new Exact(ARGUMENTS), arguments);
    }
}
