package dev.flover.engine.constraint.schema;

/// What is not this cannot be said in alternatives.
final class NegationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NegationException(String what) {
        super("the negation " + what + " cannot be told apart token by token");
    }
}
