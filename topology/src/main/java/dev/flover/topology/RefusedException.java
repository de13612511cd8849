package dev.flover.topology;

/// The Kafka cluster or the registry does not want us, and waiting will not change its mind.
final class RefusedException extends RuntimeException {
    RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
