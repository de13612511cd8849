package dev.flover.engine.constraint;

import dev.flover.engine.constraint.machine.Position;

/// How far one answer has been read under its constraint. Answers of different threads may use the same vocabulary at
/// the same time: each call takes the lock of that vocabulary's masks. One object of this class is for one thread at a
/// time.
public final class ConstrainedAnswer {
    private final Constraint constraint;
    private Position position;

    public ConstrainedAnswer(Constraint constraint) {
        this.constraint = constraint;
        this.position = constraint.start();
    }

    /// Reads one more token of the answer. If the constraint does not allow this token, the answer is dead: no further
    /// token is allowed, and every mask is empty.
    ///
    /// @return whether the constraint allows the token here
    public boolean take(int token) {
        synchronized (constraint.masks()) {
            position = constraint.masks().isKnown(token) ? constraint.masks().step(position, token) : position.dead();
            return !position.isDead();
        }
    }

    /// Whether the constraint allows the answer to end after the tokens that were taken.
    public boolean mayEnd() {
        synchronized (constraint.masks()) {
            return position.mayEnd();
        }
    }

    /// The tokens that the constraint allows next, without the tokens that end an answer. The caller must not change
    /// the array, which is cached.
    ///
    /// @return one bit for each token of the vocabulary; token `t` is bit `t % 64` of element `t / 64`
    public long[] mask() {
        synchronized (constraint.masks()) {
            return constraint.masks().mask(constraint.machine(), position);
        }
    }
}
