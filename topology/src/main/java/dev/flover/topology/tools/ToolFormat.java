package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import java.util.List;

/// How a family of models writes calls of tools.
public sealed interface ToolFormat permits TaggedCalls, ListedCalls, NamedCalls, BareCalls, ChannelCalls {
    /// The calls that an answer makes, in order. A call that is cut off, and what follows it, is none.
    ///
    /// @param answer from its first token on, markup spelled
    List<ToolCall> parse(String answer);

    /// Answers that call one of these tools, or several of them, and say nothing else.
    ///
    /// @param tools   at least one
    /// @param several whether more than one call may come; formats that have one call an answer ignore it
    ConstraintSource forced(List<Tool> tools, boolean several);
}
