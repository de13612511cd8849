package dev.flover.schemas.json;

/// JSON that its reader cannot use. The message names the field, the expected value and the one that was found.
public final class JsonFormException extends RuntimeException {
    private static final long serialVersionUID = 1;

    JsonFormException(String message) {
        super(message);
    }
}
