package dev.flover.engine.backend.cpu;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/// A file that one process at a time writes under another name, before it gets its own.
///
/// ```
///   FILE.lock           empty; the process that writes holds a lock on it
///   FILE.PID-TIME.part  what has been written so far; removed by the next process that gets the lock
/// ```
final class PartFile implements AutoCloseable {
    private static final long LOOK_MS = 50;

    private final Path file;
    private final Path path;
    private final FileChannel lock;
    private @Nullable FileChannel channel;

    private PartFile(Path file, FileChannel lock) {
        this.file = file;
        this.lock = lock;
        path = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + "-"
                + Long.toHexString(System.nanoTime()) + ".part");
    }

    /// Waits until no other process writes the file, as long as the process that does goes on writing.
    ///
    /// @param patienceMs how long that process's file may stay unchanged
    static PartFile lock(Path file, long patienceMs) throws IOException {
        long changed = latestPart(file);
        long since = System.nanoTime();
        while (true) {
            var found = tryLock(file);
            if (found != null) {
                return found;
            }
            long latest = latestPart(file);
            if (latest != changed) {
                changed = latest;
                since = System.nanoTime();
            } else if (System.nanoTime() - since > patienceMs * 1_000_000) {
                throw new IOException("another process that writes " + file + " does not go on");
            }
            pause();
        }
    }

    /// @return null if another process, or another backend of this process, holds the lock
    private static @Nullable PartFile tryLock(Path file) throws IOException {
        var lock = FileChannel.open(file.resolveSibling(file.getFileName() + ".lock"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        boolean held = false;
        try {
            held = lock.tryLock() != null;
        } catch (OverlappingFileLockException _) {
            // another backend of this process holds it
        } finally {
            if (!held) {
                lock.close();
            }
        }
        return held ? new PartFile(file, lock) : null;
    }

    /// When the newest of the file's parts was written last, in ms; 0 if there are none.
    private static long latestPart(Path file) throws IOException {
        long latest = 0;
        try (var parts = parts(file)) {
            for (var part : parts) {
                FileTime time = Files.exists(part) ? Files.getLastModifiedTime(part) : FileTime.fromMillis(0);
                latest = Math.max(latest, time.toMillis());
            }
        }
        return latest;
    }

    private static DirectoryStream<Path> parts(Path file) throws IOException {
        return Files.newDirectoryStream(file.toAbsolutePath().getParent(), file.getFileName() + ".*.part");
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(LOOK_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the thread was interrupted while it waited for another process", e);
        }
    }

    /// Begins to write, and removes what killed processes have left.
    FileChannel begin() throws IOException {
        try (var left = parts(file)) {
            for (var part : left) {
                Files.deleteIfExists(part);
            }
        }
        channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return channel;
    }

    /// Gives the file its own name.
    void finish() throws IOException {
        Files.move(path, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /// Removes a file that is not finished, and gives the lock up. Mappings stay usable.
    @Override
    public void close() {
        try (lock) {
            if (channel != null) {
                channel.close();
            }
            Files.deleteIfExists(path);
        } catch (IOException _) {
            // The next process that gets the lock removes the file.
        }
    }
}
