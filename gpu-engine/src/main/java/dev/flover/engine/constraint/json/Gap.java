package dev.flover.engine.constraint.json;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Frame;
import java.util.List;

/// White space between two tokens of JSON.
///
/// @param length bytes of it so far
/// @param then   what comes behind it
record Gap(int length, Frame then) implements Cursor {
    /// A deep indentation; without a bound a model could go on for ever.
    private static final int MAX_LENGTH = 100;

    /// Adds what comes next, behind white space if there may be any.
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
