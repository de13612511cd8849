package dev.flover.engine.constraint.json;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Frame;
import java.util.List;

/// White space between two JSON tokens.
///
/// @param length the bytes of white space so far
/// @param then   the frame that continues after the white space
record Gap(int length, Frame then) implements Cursor {
    /// The most bytes of one gap: enough for a deep indentation. Without a bound a model could write white space for
    /// ever.
    private static final int MAX_LENGTH = 100;

    /// Adds the cursors of `then`, and, if `spaced`, a cursor that accepts white space before them.
    static void before(Frame then, boolean spaced, List<Cursor> next) {
        then.resume(next);
        if (spaced) {
            next.add(new Gap(0, then));
        }
    }

    @Override
    public void step(int value, List<Cursor> next) {
        if (length < MAX_LENGTH && (value == ' ' || value == '\n' || value == '\t' || value == '\r')) {
            next.add(new Gap(length + 1, then));
            then.resume(next);
        }
    }
}
