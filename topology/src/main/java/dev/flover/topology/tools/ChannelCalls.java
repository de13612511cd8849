package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.ConstraintSource.Exact;
import dev.flover.engine.constraint.ConstraintSource.InOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The tool calls of gpt-oss: an answer consists of messages, each in a channel. A message that is addressed to a
/// function (`to=functions.NAME`) is a call, and ends the answer.
///
/// ```
/// <|channel|>analysis<|message|>The user asks for the weather.<|end|>
/// <|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city": "Oslo"}<|call|>
/// ```
record ChannelCalls() implements ToolFormat {
    private static final String START = "<|start|>";
    private static final String MESSAGE = "<|message|>";
    private static final Pattern RECIPIENT = Pattern.compile("to=functions\\.([A-Za-z0-9_-]+)");

    @Override
    public List<ToolCall> parse(String answer) {
        var calls = new ArrayList<ToolCall>();
        int at = 0;
        while (at < answer.length()) {
            int next = answer.indexOf(START, at);
            int end = next < 0 ? answer.length() : next;
            int body = answer.indexOf(MESSAGE, at);
            if (body >= 0 && body < end) {
                var recipient = RECIPIENT.matcher(answer).region(at, body);
                if (recipient.find()) {
                    var found = JsonValues.at(answer, JsonValues.skipSpace(answer, body + MESSAGE.length()));
                    if (found == null || !found.value().isObject()) {
                        return calls;
                    }
                    calls.add(new ToolCall(recipient.group(1), found.value().toString()));
                }
            }
            at = next < 0 ? answer.length() : next + START.length();
        }
        return calls;
    }

    @Override
    public ConstraintSource forced(List<Tool> tools, boolean several) {
        return Forms.any(tools, tool -> InOrder.of(
                new Exact("<|channel|>commentary to=functions." + tool.name() + " <|constrain|>json<|message|>"),
                Forms.arguments(tool)));
    }
}
