package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import java.util.List;

/// The text form in which a family of models writes tool calls.
public sealed interface ToolFormat permits TaggedCalls, ListedCalls, NamedCalls, BareCalls, ChannelCalls {
    /// The calls in an answer, in order. Reading ends at the first call that is cut off or malformed: neither that call
    /// nor any later one is returned.
    ///
    /// @param answer the answer's whole text, with its special tokens spelled
    List<ToolCall> parse(String answer);

    /// The constraint by which an answer is forced to consist of calls of these tools and of nothing else.
    ///
    /// @param tools   at least one
    /// @param several whether the answer may make more than one call; formats with one call in an answer ignore it
    ConstraintSource forced(List<Tool> tools, boolean several);
}
