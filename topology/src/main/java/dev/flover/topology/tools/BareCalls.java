package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import java.util.ArrayList;
import java.util.List;

/// The tool calls of Llama 3.1, 3.2 and 3.3: the whole answer is one JSON object, sometimes after a mark
/// (`<|python_tag|>`). These models were trained to make one call in an answer; [#parse] also reads several with `;`
/// between them.
///
/// ```
/// {"name": "weather", "parameters": {"city": "Oslo"}}
/// ```
record BareCalls() implements ToolFormat {
    private static final String MARK = "<|python_tag|>";

    @Override
    public List<ToolCall> parse(String answer) {
        var calls = new ArrayList<ToolCall>();
        int at = JsonValues.skipSpace(answer, 0);
        if (answer.startsWith(MARK, at)) {
            at = JsonValues.skipSpace(answer, at + MARK.length());
        }
        for (var found = JsonValues.at(answer, at); found != null; found = JsonValues.at(answer, at)) {
            var call = Forms.call(found.value(), found.value().has("parameters") ? "parameters" : "arguments");
            if (call == null) {
                return calls;
            }
            calls.add(call);
            at = JsonValues.skipSpace(answer, found.end());
            at = at < answer.length() && answer.charAt(at) == ';' ? JsonValues.skipSpace(answer, at + 1) : at;
        }
        return calls;
    }

    @Override
    public ConstraintSource forced(List<Tool> tools, boolean several) {
        return Forms.any(tools, tool -> Forms.object(tool, "parameters"));
    }
}
