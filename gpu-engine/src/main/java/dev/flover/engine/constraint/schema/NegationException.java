package dev.flover.engine.constraint.schema;

/// Thrown if the complement of a set of values is not a union of shapes that this package supports.
final class NegationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NegationException(String what) {
        super("the negation " + what + " cannot be enforced token by token");
    }
}
