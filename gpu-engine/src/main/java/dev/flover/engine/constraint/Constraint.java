package dev.flover.engine.constraint;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Machine;
import dev.flover.engine.constraint.machine.Position;
import dev.flover.engine.constraint.machine.TokenMasks;
import java.util.List;

/// A compiled constraint over one vocabulary, shared by all answers that must satisfy it. Each answer's own state is a
/// [ConstrainedAnswer].
public final class Constraint {
    private final Machine machine = new Machine();
    private final TokenMasks masks;
    private final Position start;

    Constraint(TokenMasks masks, List<Cursor> beginning) {
        this.masks = masks;
        this.start = machine.position(beginning);
    }

    /// Whether a token stands for text, which an answer can contain, rather than for markup of a template.
    public boolean isText(int token) {
        return masks.isText(token);
    }

    Machine machine() {
        return machine;
    }

    /// The masks of this vocabulary, shared by all constraints over it. The object is also the lock that guards its
    /// caches and those of the machines.
    TokenMasks masks() {
        return masks;
    }

    Position start() {
        return start;
    }
}
