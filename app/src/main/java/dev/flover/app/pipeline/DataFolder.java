package dev.flover.app.pipeline;

import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The folder for data that has to survive a restart.
public final class DataFolder {
    private DataFolder() {}

    /// Creates the folder if it is missing, and checks that files can be created in it.
    ///
    /// @throws CommandException saying why not
    public static void require(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "try", null));
        } catch (NoSuchFileException e) {       // thrown by file systems such as /proc
            throw unusable(folder, "no file can be created there", e);
        } catch (IOException e) {
            throw unusable(folder, CommandException.reason(e), e);
        }
    }

    private static CommandException unusable(Path folder, String reason, IOException cause) {
        return new CommandException("the data folder " + folder + " cannot be used: " + reason
                + "; give --data a folder that can be written to", cause);
    }
}
