package dev.flover.schemas.serdes;

import org.apache.kafka.common.errors.RetriableException;

/// The registry itself said that it has no schema of that id: it never had, or a follower has not heard of it yet.
public final class UnknownSchemaException extends RetriableException {
    public UnknownSchemaException(String message, Throwable cause) {
        super(message, cause);
    }
}
