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

    /// What went wrong first: libraries wrap it in layers that say less.
    public static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() != null ? root.getMessage() : root.toString();
    }
}
