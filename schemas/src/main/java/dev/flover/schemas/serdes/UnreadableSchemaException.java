package dev.flover.schemas.serdes;

import org.apache.kafka.common.errors.SerializationException;

/// Thrown when the registry served a schema that Avro cannot parse. No record with that schema can ever be read.
public final class UnreadableSchemaException extends SerializationException {
    UnreadableSchemaException(String message, Throwable cause) {
        super(message, cause);
    }
}
