package dev.flover.app.settings;

/// Thrown for a setting that cannot be used. The message is one sentence with the setting's source, the expected value
/// and the value found. It never contains a secret.
public final class SettingException extends RuntimeException {
    public SettingException(String message) {
        super(message);
    }

    public SettingException(String message, Throwable cause) {
        super(message, cause);
    }
}
