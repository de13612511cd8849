package dev.flover.topology.setup;

/// The Kafka cluster or the registry refuses the pipeline for a reason that waiting does not change.
public final class RefusedException extends RuntimeException {
    public RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
