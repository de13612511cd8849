package dev.flover.app.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.locks.LockSupport;

/// Deletes folders in which somebody may still write, though not for long.
public final class FolderTree {
    private static final int ATTEMPTS = 50;
    private static final long PAUSE_NANOS = 100_000_000;

    private FolderTree() {}

    /// Returns when nothing is left of it, or after five seconds.
    public static void delete(Path folder) {
        for (int attempt = 0; attempt < ATTEMPTS && Files.exists(folder); attempt++) {
            try {
                deleteOnce(folder);
            } catch (IOException | UncheckedIOException e) {
                LockSupport.parkNanos(PAUSE_NANOS);      // a file came or went meanwhile
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
