package dev.flover.app.pipeline;

import dev.flover.app.options.CommandException;
import dev.flover.embedded.FolderTree;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A folder that is deleted when the process ends, unless the process is killed. The child processes are ended with it,
/// since they may use the folder. If the process is killed, the broker of [Servers#temporary] deletes the folder.
public final class TemporaryFolder implements AutoCloseable {
    private static final long CHILD_SECONDS = 5;

    private final Path path;
    private final Thread atExit;

    private TemporaryFolder(Path path) {
        this.path = path;
        this.atExit = new Thread(this::clear, "clear-" + path.getFileName());
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    public static TemporaryFolder create(String prefix) {
        try {
            return new TemporaryFolder(Files.createTempDirectory(prefix));
        } catch (IOException e) {
            String parent = System.getProperty("java.io.tmpdir");
            throw new CommandException("cannot create a folder in " + parent + ": "
                    + (Files.isDirectory(Path.of(parent)) ? CommandException.reason(e) : "it is not a folder")
                    + "; choose another one with FLOVER_JAVA_OPTS=-Djava.io.tmpdir=DIR", e);
        }
    }

    public Path path() {
        return path;
    }

    /// Deletes the folder. All processes that use it must have ended.
    @Override
    public void close() {
        FolderTree.delete(path);
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return;      // the process is ending; its shutdown hook finds no folder
        }
    }

    private void clear() {
        // The errors that child processes and threads cause from now on, because they are cut off, mean nothing.
        System.setErr(new PrintStream(OutputStream.nullOutputStream()));
        ProcessHandle.current().descendants().forEach(TemporaryFolder::end);
        FolderTree.delete(path);
    }

    private static void end(ProcessHandle child) {
        child.destroyForcibly();
        try {
            child.onExit().get(CHILD_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            return;      // the operating system ends it later
        }
    }
}
