package dev.flover.schemas.serdes;

import org.apache.kafka.common.errors.RetriableException;

/// The registry did not answer, or answered that it cannot just now. The same bytes may decode later.
public final class RegistryUnavailableException extends RetriableException {
    public RegistryUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
