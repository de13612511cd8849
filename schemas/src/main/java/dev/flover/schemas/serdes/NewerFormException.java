package dev.flover.schemas.serdes;

import java.util.List;
import org.apache.kafka.common.errors.SerializationException;

/// What is stored says something that this release does not know; to go on without it would change what was asked for.
public final class NewerFormException extends SerializationException {
    private final List<String> fields;

    /// @param fields that are set and unknown; empty where not even the schema is known
    NewerFormException(String message, List<String> fields) {
        super(message);
        this.fields = List.copyOf(fields);
    }

    public List<String> fields() {
        return fields;
    }
}
