package dev.flover.benchmarks.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Follows the largest resident memory that Linux counts for a process, with the pages of mapped files, until the
/// process ends. What it adds in the last tenth of a second is missed.
final class PeakMemory implements AutoCloseable {
    private static final long LOOK_MS = 50;

    private final Path status;
    private final Thread reader;
    private volatile long bytes;

    PeakMemory(Process process) {
        status = Path.of("/proc", Long.toString(process.pid()), "status");
        reader = Thread.ofVirtual().start(this::follow);
    }

    private void follow() {
        try {
            while (true) {
                try (var lines = Files.lines(status)) {
                    lines.filter(line -> line.startsWith("VmHWM:")).findFirst()
                            .ifPresent(line -> bytes = Long.parseLong(line.replaceAll("\\D", "")) << 10);
                }
                Thread.sleep(LOOK_MS);
            }
        } catch (IOException | UncheckedIOException _) {
            // The process has ended, or the system is not Linux.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// The bytes so far; 0 where the system does not tell.
    long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        reader.interrupt();
    }
}
