package dev.flover.topology.avro;

/// Thrown for an Avro schema that has no equivalent JSON Schema, and for an answer that does not fit its schema. The
/// message names the place in the schema or in the answer.
public final class AvroAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public AvroAnswerException(String message) {
        super(message);
    }

    AvroAnswerException(String message, Throwable cause) {
        super(message, cause);
    }
}
