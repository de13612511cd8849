package dev.flover.engine.constraint.regex;

/// A language whose automaton is larger than a limit of this package.
public final class TooComplexException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public TooComplexException(String message) {
        super(message);
    }
}
