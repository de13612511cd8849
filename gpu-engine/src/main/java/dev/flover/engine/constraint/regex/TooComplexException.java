package dev.flover.engine.constraint.regex;

/// Thrown for a language whose expression, automaton or token mask exceeds a limit of the constraint packages.
public final class TooComplexException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public TooComplexException(String message) {
        super(message);
    }
}
