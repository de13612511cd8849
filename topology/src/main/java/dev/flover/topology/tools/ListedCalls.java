package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.ConstraintSource.Exact;
import dev.flover.engine.constraint.ConstraintSource.InOrder;
import dev.flover.engine.constraint.ConstraintSource.OneOf;
import java.util.ArrayList;
import java.util.List;

/// The tool calls of Mistral 7B v0.3, Nemo and other Mistral models of that time: a JSON list after a mark.
///
/// ```
/// [TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Oslo"}}]
/// ```
record ListedCalls() implements ToolFormat {
    static final String MARK = "[TOOL_CALLS]";

    @Override
    public List<ToolCall> parse(String answer) {
        var calls = new ArrayList<ToolCall>();
        int at = answer.indexOf(MARK);
        var found = at < 0 ? null : JsonValues.at(answer, JsonValues.skipSpace(answer, at + MARK.length()));
        if (found == null || !found.value().isArray()) {
            return calls;
        }
        for (var element : found.value()) {
            var call = Forms.call(element, "arguments");
            if (call == null) {
                return calls;
            }
            calls.add(call);
        }
        return calls;
    }

    /// Allows the list to begin with or without a space, because some vocabularies put a space after the mark.
    @Override
    public ConstraintSource forced(List<Tool> tools, boolean several) {
        var call = Forms.any(tools, tool -> Forms.object(tool, "arguments"));
        return InOrder.of(new Exact(MARK), new OneOf(List.of(new Exact("["), new Exact(" ["))),
                Forms.calls(call, several, ", "), new Exact("]"));
    }
}
