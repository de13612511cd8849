package dev.flover.engine.constraint.machine;

/// Thrown for a constraint that cannot be used: not understood, not supported, impossible to satisfy, or too large. The
/// message names the part of the constraint and the reason, for the person who wrote it.
public final class ConstraintException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ConstraintException(String message) {
        super(message);
    }

    public ConstraintException(String message, Throwable cause) {
        super(message, cause);
    }
}
