package dev.flover.schemas.serdes;

import java.util.List;
import org.apache.kafka.common.errors.SerializationException;

/// Thrown when a stored record sets a field that this release does not know. To continue without the field would change
/// what the client asked for.
public final class NewerFormException extends SerializationException {
    private final List<String> fields;

    /// @param fields names of the fields that are set and unknown; empty where even the record's schema is unknown
    NewerFormException(String message, List<String> fields) {
        super(message);
        this.fields = List.copyOf(fields);
    }

    public List<String> fields() {
        return fields;
    }
}
