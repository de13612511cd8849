package dev.flover.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.locks.LockSupport;

/// Deletes folders to which another process may still write for a short time.
public final class FolderTree {
    private static final int ATTEMPTS = 50;
    private static final long PAUSE_NANOS = 100_000_000;

    private FolderTree() {}

    /// Deletes a folder with its contents; gives up after five seconds.
    public static void delete(Path folder) {
        for (int attempt = 0; attempt < ATTEMPTS && Files.exists(folder); attempt++) {
            try {
                deleteOnce(folder);
            } catch (IOException | UncheckedIOException e) {
                LockSupport.parkNanos(PAUSE_NANOS);      // another process changed the folder
            }
        }
    }

    private static void deleteOnce(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
