package dev.flover.engine.constraint.machine;

import java.util.List;

/// One way to read the text so far, and from where on. Immutable, and equal to others that go on alike.
public interface Cursor {
    /// Adds the cursors behind one more byte; none where it cannot follow.
    void step(int value, List<Cursor> next);

    /// Whether the text may end here.
    default boolean mayEnd() {
        return false;
    }
}
