package dev.flover.schemas.json;

import org.jspecify.annotations.Nullable;

/// Thrown for JSON that its reader cannot use. The message names the field, the expected value and the value found.
public final class JsonFormException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final @Nullable String field;
    private final boolean unknownField;

    private JsonFormException(@Nullable String field, boolean unknownField, String message) {
        super(message);
        this.field = field;
        this.unknownField = unknownField;
    }

    /// @param field the path of the wrong field; null if no single field is wrong
    JsonFormException(@Nullable String field, String message) {
        this(field, false, message);
    }

    static JsonFormException unknown(String field, String message) {
        return new JsonFormException(field, true, message);
    }

    /// Returns the path of the wrong field, such as `sampling.top_p`; null if no single field is wrong.
    public @Nullable String field() {
        return field;
    }

    /// Tells whether there is no field of that name.
    public boolean isUnknownField() {
        return unknownField;
    }
}
