package dev.flover.schemas.serdes;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.kafka.common.errors.RetriableException;

/// The registry did not answer, or answered that it cannot just now. The same bytes may decode later.
public final class RegistryUnavailableException extends RetriableException {
    private static final int NOT_FOUND = 404;

    public RegistryUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }

    /// Whether the registry itself has nothing at the address that was asked: an older release.
    public boolean isWithoutResource() {
        for (var cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException answer) {
                return answer.getErrorCode() == NOT_FOUND;
            }
        }
        return false;
    }
}
