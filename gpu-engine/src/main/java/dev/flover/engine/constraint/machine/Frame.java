package dev.flover.engine.constraint.machine;

import java.util.ArrayList;
import java.util.List;

/// What comes behind a lexeme or a bracket that closes. Immutable, and equal to others that go on alike.
public abstract class Frame {
    private Position resumed;

    /// Adds the cursors behind the end. Where the frame wants the text of what ended, these are the ones behind a text
    /// that it does not forbid, good for looking ahead within a token.
    public abstract void resume(List<Cursor> next);

    /// Whether what follows depends on the bytes of the lexeme that ended.
    public boolean wantsText() {
        return false;
    }

    /// Adds the cursors behind the end of this text; none where it is forbidden.
    public void resume(Text text, List<Cursor> next) {
        resume(next);
    }

    /// The texts that are forbidden.
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

    /// The last frame of all: the end of the answer.
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
            // nothing follows the end
        }

        @Override
        public boolean mayEnd() {
            return true;
        }
    }
}
