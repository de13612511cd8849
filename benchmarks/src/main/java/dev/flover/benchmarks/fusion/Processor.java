package dev.flover.benchmarks.fusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Describes the machine's processor.
final class Processor {
    private static final Path CPU = Path.of("/proc/cpuinfo");

    private Processor() {}

    static String describe() {
        int cores = Runtime.getRuntime().availableProcessors();
        return name() + ", " + cores + (cores == 1 ? " core" : " cores");
    }

    private static String name() {
        try (var lines = Files.lines(CPU)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst().orElse(System.getProperty("os.arch"));
        } catch (IOException e) {       // the system is not Linux
            return System.getProperty("os.arch");
        }
    }
}
