package dev.flover.topology.setup;

/// The Kafka cluster or the registry does not want us, and waiting will not change its mind.
public final class RefusedException extends RuntimeException {
    public RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
