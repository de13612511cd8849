package dev.flover.app.pipeline;

import dev.flover.app.embedded.FolderTree;
import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A folder that is gone at the end of the process, whatever way the process ends short of being killed; then also the
/// child processes end, since they may work in it. Of a killed process, [Servers#temporary] clears up.
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
            throw new CommandException("no folder can be made in " + parent + ": "
                    + (Files.isDirectory(Path.of(parent)) ? CommandException.reason(e) : "it is no folder")
                    + "; choose another one with FLOVER_JAVA_OPTS=-Djava.io.tmpdir=DIR", e);
        }
    }

    public Path path() {
        return path;
    }

    /// Who works in it has to have ended.
    @Override
    public void close() {
        FolderTree.delete(path);
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return;      // the process is ending, and the hook finds nothing left
        }
    }

    private void clear() {
        System.setErr(new PrintStream(OutputStream.nullOutputStream()));      // what is cut off now may only complain
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
            return;      // the operating system has the order, and will carry it out
        }
    }
}
