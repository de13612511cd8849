package dev.flover.engine.constraint.machine;

import java.util.List;

/// One way to parse the text so far, as the state from which the parse continues. Immutable. Two cursors that accept
/// the same continuations by the same state are equal.
public interface Cursor {
    /// Adds the cursors after one more byte; adds none if the byte cannot follow.
    ///
    /// @param value the byte, 0 to 255
    void step(int value, List<Cursor> next);

    /// Whether the text may end here.
    default boolean mayEnd() {
        return false;
    }
}
