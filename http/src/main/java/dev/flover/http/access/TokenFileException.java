package dev.flover.http.access;

import org.jspecify.annotations.Nullable;

/// Thrown when the file of tokens cannot be used; the message names the line and the reason.
public final class TokenFileException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TokenFileException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
