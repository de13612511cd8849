package dev.flover.app.pipeline;

import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/// A folder that is gone at the end of the process, together with the child processes that work in it, whatever way the
/// process ends short of being killed.
public final class TemporaryFolder implements AutoCloseable {
    private static final int ATTEMPTS = 50;
    private static final long PAUSE_NANOS = 100_000_000;
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
            throw new CommandException("no folder can be made in " + System.getProperty("java.io.tmpdir") + ": "
                    + e.getMessage(), e);
        }
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() {
        clear();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return;      // the process is ending, and the hook finds nothing left
        }
    }

    private synchronized void clear() {
        System.setErr(new PrintStream(OutputStream.nullOutputStream()));      // what is cut off now may only complain
        ProcessHandle.current().descendants().forEach(TemporaryFolder::end);
        for (int attempt = 0; attempt < ATTEMPTS && Files.exists(path); attempt++) {
            try {
                delete();
            } catch (IOException | UncheckedIOException e) {
                LockSupport.parkNanos(PAUSE_NANOS);      // somebody still wrote there; not for long
            }
        }
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

    private void delete() throws IOException {
        try (var files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
