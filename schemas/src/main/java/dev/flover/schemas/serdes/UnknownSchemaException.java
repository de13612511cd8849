package dev.flover.schemas.serdes;

import org.apache.kafka.common.errors.RetriableException;

/// Thrown when the registry answered that it has no schema of a record's id. Either the id never existed, or a follower
/// of the registry has not yet received it from the leader; so the record is tried again.
public final class UnknownSchemaException extends RetriableException {
    public UnknownSchemaException(String message, Throwable cause) {
        super(message, cause);
    }
}
