package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.ConstraintSource.Exact;
import dev.flover.engine.constraint.ConstraintSource.InOrder;
import java.util.ArrayList;
import java.util.List;

/// The tool calls of Hermes, Qwen 2.5 and 3, and of other models that follow them: JSON between tags.
///
/// ```
/// <tool_call>
/// {"name": "weather", "arguments": {"city": "Oslo"}}
/// </tool_call>
/// ```
///
/// A call inside a thought (`<think>`) does not count.
record TaggedCalls() implements ToolFormat {
    private static final String OPEN = "<tool_call>";
    private static final String CLOSE = "</tool_call>";
    private static final String THOUGHT_END = "</think>";

    @Override
    public List<ToolCall> parse(String answer) {
        var calls = new ArrayList<ToolCall>();
        int at = answer.indexOf(OPEN, Math.max(0, answer.lastIndexOf(THOUGHT_END)));
        while (at >= 0) {
            var found = JsonValues.at(answer, JsonValues.skipSpace(answer, at + OPEN.length()));
            var call = found == null ? null : Forms.call(found.value(), "arguments");
            if (found == null || call == null) {
                return calls;
            }
            calls.add(call);
            at = answer.indexOf(OPEN, found.end());
        }
        return calls;
    }

    @Override
    public ConstraintSource forced(List<Tool> tools, boolean several) {
        var call = InOrder.of(new Exact(OPEN + "\n"), Forms.any(tools, tool -> Forms.object(tool, "arguments")),
                new Exact("\n" + CLOSE));
        return Forms.calls(call, several, "\n");
    }
}
