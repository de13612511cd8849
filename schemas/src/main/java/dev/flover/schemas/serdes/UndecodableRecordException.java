package dev.flover.schemas.serdes;

import org.apache.kafka.common.errors.SerializationException;

/// These bytes will never become a record, however often they are read: not Avro, another contract, an unknown schema.
public final class UndecodableRecordException extends SerializationException {
    public UndecodableRecordException(String message) {
        super(message);
    }

    public UndecodableRecordException(String message, Throwable cause) {
        super(message, cause);
    }
}
