package dev.flover.engine.constraint.machine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One entry of the parse stack: determines how a text continues after a lexeme or a closing bracket. Immutable. Two
/// frames that continue in the same way from the same state are equal.
public abstract class Frame {
    private @Nullable Position resumed;

    /// Adds the cursors after the end of the lexeme or bracket. If the frame [#wantsText], these are the cursors after
    /// any text that the frame does not forbid; they serve to look ahead within one token.
    public abstract void resume(List<Cursor> next);

    /// Whether the continuation depends on the bytes of the lexeme that ended.
    public boolean wantsText() {
        return false;
    }

    /// Adds the cursors after this text of a lexeme; adds none if the text is forbidden.
    public void resume(Text text, List<Cursor> next) {
        resume(next);
    }

    /// The texts that the lexeme before this frame must not have.
    public Iterable<byte[]> forbidden() {
        return List.of();
    }

    final Position resumed(Machine machine) {
        if (resumed == null) {
            var cursors = new ArrayList<Cursor>();
            resume(cursors);
            resumed = machine.position(cursors);
        }
        return resumed;
    }

    /// The bottom of the stack: the end of the answer.
    public static Frame end() {
        return new End();
    }

    private static final class End extends Frame implements Cursor {
        @Override
        public void resume(List<Cursor> next) {
            next.add(this);
        }

        @Override
        public void step(int value, List<Cursor> next) {
            // no byte can follow the end of an answer, so no cursor is added
        }

        @Override
        public boolean mayEnd() {
            return true;
        }
    }
}
