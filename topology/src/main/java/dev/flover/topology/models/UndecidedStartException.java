package dev.flover.topology.models;

/// An application id starts for the first time, there are requests from before, and nobody has said whether it is to
/// answer them.
public final class UndecidedStartException extends RuntimeException {
    UndecidedStartException(String message) {
        super(message);
    }
}
