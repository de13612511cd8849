package dev.flover.topology.setup;

/// Thrown when the Kafka cluster or the schema registry refuses the pipeline for a reason that waiting does not change.
public final class RefusedException extends RuntimeException {
    public RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
