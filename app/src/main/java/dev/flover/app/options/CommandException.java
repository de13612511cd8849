package dev.flover.app.options;

/// The world does not allow what the user asked for. The message is one sentence for that user: what was expected, what
/// was found, what to do.
public final class CommandException extends RuntimeException {
    public CommandException(String message) {
        super(message);
    }

    public CommandException(String message, Throwable cause) {
        super(message, cause);
    }
}
