package dev.flover.topology.avro;

/// An Avro schema that no answer can be drawn for, or an answer that is no record of it. The message names the place.
public final class AvroAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public AvroAnswerException(String message) {
        super(message);
    }

    AvroAnswerException(String message, Throwable cause) {
        super(message, cause);
    }
}
