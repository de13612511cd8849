package dev.flover.topology.tools;

import org.jspecify.annotations.Nullable;

/// Thrown for a request with a wrong field.
public final class WrongFieldException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final @Nullable String field;

    /// @param field   the field's path, such as `sampling.top_p`; null if no single field is wrong
    /// @param message the expected value, the value found, and the remedy
    public WrongFieldException(@Nullable String field, String message) {
        super(message);
        this.field = field;
    }

    public @Nullable String field() {
        return field;
    }
}
