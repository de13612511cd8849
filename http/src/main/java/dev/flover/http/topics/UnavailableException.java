package dev.flover.http.topics;

/// The Kafka cluster does not do what is needed now; later it may.
public final class UnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
