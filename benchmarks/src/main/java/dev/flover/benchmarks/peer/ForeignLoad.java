package dev.flover.benchmarks.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Measures the share of the cores' time that other processes of the machine took, and that the machine's host took
/// away, since the object was made. The children of this process that have ended do not count as others.
final class ForeignLoad {
    private static final Path MACHINE = Path.of("/proc/stat");
    private static final Path PROCESS = Path.of("/proc/self/stat");
    /// The fields of the machine's line: user, nice, system, idle, wait for disks, interrupts, soft interrupts, stolen.
    private static final int FIELDS = 8;
    private static final int IDLE = 3;
    private static final int WAITING = 4;
    /// The fields of the process after its name: user and system time of its own, and of its ended children.
    private static final int OWN_USER = 11;
    private static final int TIMES = 4;

    private final Times before = Times.now();

    /// Times in ticks of the system's clock.
    private record Times(long all, long busy, long ours) {
        static Times now() {
            long[] machine = numbers(line(MACHINE).replaceFirst("cpu +", ""), FIELDS);
            long all = Arrays.stream(machine).sum();
            String process = line(PROCESS);
            long[] own = numbers(process.substring(process.lastIndexOf(')') + 4), OWN_USER - 1 + TIMES);
            long ours = Arrays.stream(own, OWN_USER - 1, OWN_USER - 1 + TIMES).sum();
            return new Times(all, all - machine[IDLE] - machine[WAITING], ours);
        }

        private static long[] numbers(String text, int count) {
            return Arrays.stream(text.split(" ")).limit(count).mapToLong(Long::parseLong).toArray();
        }

        private static String line(Path file) {
            try {
                return Files.readAllLines(file).getFirst();
            } catch (IOException e) {
                throw new UncheckedIOException("the load of the machine is in " + file + " on Linux", e);
            }
        }
    }

    /// Returns a number from 0, for a machine without other work, to 1.
    double share() {
        var now = Times.now();
        long foreign = now.busy - before.busy - (now.ours - before.ours);
        return Math.max(0, foreign) / (double) Math.max(1, now.all - before.all);
    }
}
