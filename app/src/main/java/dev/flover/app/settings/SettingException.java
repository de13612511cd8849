package dev.flover.app.settings;

/// A setting that cannot be used. The message is one sentence: where it is, what was expected, what was found. It never
/// holds a secret.
public final class SettingException extends RuntimeException {
    public SettingException(String message) {
        super(message);
    }

    public SettingException(String message, Throwable cause) {
        super(message, cause);
    }
}
