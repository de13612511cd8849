package dev.flover.http.access;

/// A file of tokens that cannot be used; the message says where and why.
public final class TokenFileException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TokenFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
