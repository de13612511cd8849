package dev.flover.schemas.json;

/// Thrown for JSON that its reader cannot use. The message names the field, the expected value and the value found.
public final class JsonFormException extends RuntimeException {
    private static final long serialVersionUID = 1;

    JsonFormException(String message) {
        super(message);
    }
}
