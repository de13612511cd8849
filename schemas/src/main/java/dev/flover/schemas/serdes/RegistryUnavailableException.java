package dev.flover.schemas.serdes;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.kafka.common.errors.RetriableException;

/// Thrown when the schema registry did not answer, or answered that it cannot at present. The same bytes may decode
/// later.
public final class RegistryUnavailableException extends RetriableException {
    private static final int NOT_FOUND = 404;

    public RegistryUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }

    /// Tells whether the registry answered 404 for the requested path: an older release of the registry lacks that
    /// resource.
    public boolean isWithoutResource() {
        for (var cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException answer) {
                return answer.getErrorCode() == NOT_FOUND;
            }
        }
        return false;
    }
}
