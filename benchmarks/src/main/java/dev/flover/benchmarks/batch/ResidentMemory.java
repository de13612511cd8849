package dev.flover.benchmarks.batch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The resident memory of a process, as Linux counts it.
final class ResidentMemory {
    private static final String MOST = "VmHWM:";
    private static final int KB_IN_MB = 1024;

    private ResidentMemory() {}

    /// Returns the most memory in MB that a process has had so far; 0 if it has ended or the system does not tell it.
    static long mostMb(long pid) {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
            long most = lines.filter(line -> line.startsWith(MOST)).mapToLong(ResidentMemory::kilobytes).findFirst()
                    .orElse(0);
            return most / KB_IN_MB;
        } catch (IOException | UncheckedIOException e) {     // the process may end while its status is read
            return 0;
        }
    }

    private static long kilobytes(String line) {
        return Long.parseLong(line.substring(MOST.length()).replace("kB", "").strip());
    }
}
