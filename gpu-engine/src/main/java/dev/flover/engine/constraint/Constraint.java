package dev.flover.engine.constraint;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Machine;
import dev.flover.engine.constraint.machine.Position;
import dev.flover.engine.constraint.machine.TokenMasks;
import java.util.List;

/// A compiled constraint over a vocabulary: shared by all answers that it holds for.
public final class Constraint {
    private final Machine machine = new Machine();
    private final TokenMasks masks;
    private final Position start;

    Constraint(TokenMasks masks, List<Cursor> beginning) {
        this.masks = masks;
        this.start = machine.position(beginning);
    }

    /// Whether a token is text, which an answer can contain, rather than markup.
    public boolean isText(int token) {
        return masks.isText(token);
    }

    Machine machine() {
        return machine;
    }

    /// Shared by all constraints over a vocabulary, and the lock of what they remember.
    TokenMasks masks() {
        return masks;
    }

    Position start() {
        return start;
    }
}
