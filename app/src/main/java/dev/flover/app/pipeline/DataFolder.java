package dev.flover.app.pipeline;

import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A folder for what has to be there after a restart.
final class DataFolder {
    private DataFolder() {}

    /// Makes it where it is missing, and finds out that files can be put there.
    ///
    /// @throws CommandException if not, saying why
    static void require(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "try", null));
        } catch (NoSuchFileException e) {       // of a file system that has only what it shows, such as /proc
            throw unusable(folder, "nothing can be made there", e);
        } catch (IOException e) {
            throw unusable(folder, CommandException.reason(e), e);
        }
    }

    private static CommandException unusable(Path folder, String reason, IOException cause) {
        return new CommandException("the data folder " + folder + " cannot be used: " + reason
                + "; give --data a folder that can be written to", cause);
    }
}
