package dev.flover.schemas.serdes;

import org.apache.kafka.common.errors.SerializationException;

/// Thrown for bytes that no later attempt can decode: bytes that are not Avro, or a record of another contract.
public final class UndecodableRecordException extends SerializationException {
    public UndecodableRecordException(String message) {
        super(message);
    }

    public UndecodableRecordException(String message, Throwable cause) {
        super(message, cause);
    }
}
