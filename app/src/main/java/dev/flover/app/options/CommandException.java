package dev.flover.app.options;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// Thrown when a command cannot do what the user asked. The message is one sentence for the user: what was expected,
/// what was found, what to do.
public final class CommandException extends RuntimeException {
    public CommandException(String message) {
        super(message);
    }

    public CommandException(String message, Throwable cause) {
        super(message, cause);
    }

    /// Returns the message of a failure's root cause. Libraries wrap the root cause in less specific exceptions. For
    /// file errors the sentence names the error as well, since their messages often contain only the file name.
    public static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return switch (root) {
            case NoSuchFileException missing -> "there is no " + missing.getFile();
            case AccessDeniedException denied -> "no permission for " + denied.getFile();
            case FileAlreadyExistsException existing -> existing.getFile() + " already exists";
            case FileSystemException other when other.getReason() != null -> other.getFile() + ": " + other.getReason();
            default -> root.getMessage() != null ? root.getMessage() : root.toString();
        };
    }
}
