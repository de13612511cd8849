package dev.flover.engine.constraint;

import dev.flover.engine.constraint.machine.Position;

/// How far an answer has come in its constraint. Answers of one vocabulary take turns; one of them is for one thread at
/// a time.
public final class ConstrainedAnswer {
    private final Constraint constraint;
    private Position position;

    public ConstrainedAnswer(Constraint constraint) {
        this.constraint = constraint;
        this.position = constraint.start();
    }

    /// Goes on by a token of the answer. Where the constraint does not allow it, nothing more can come.
    ///
    /// @return whether it is allowed
    public boolean take(int token) {
        synchronized (constraint.masks()) {
            position = constraint.masks().isKnown(token) ? constraint.masks().step(position, token) : position.dead();
            return !position.isDead();
        }
    }

    /// Whether the answer may end here.
    public boolean mayEnd() {
        synchronized (constraint.masks()) {
            return position.mayEnd();
        }
    }

    /// The tokens that may come next, without those that end an answer. The caller must not change the bits.
    ///
    /// @return a bit for each token of the vocabulary
    public long[] mask() {
        synchronized (constraint.masks()) {
            return constraint.masks().mask(constraint.machine(), position);
        }
    }
}
