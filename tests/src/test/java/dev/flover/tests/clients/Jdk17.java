package dev.flover.tests.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Finds a JDK 17: where an environment variable says, or where JDKs are usually installed.
final class Jdk17 {
    private static final List<String> VARIABLES = List.of("JAVA17_HOME", "JAVA_HOME_17_X64", "JAVA_HOME_17_ARM64");
    private static final String HOME = System.getProperty("user.home");
    private static final List<Path> FOLDERS = List.of(Path.of("/usr/lib/jvm"), Path.of("/opt"),
            Path.of("/Library/Java/JavaVirtualMachines"), Path.of(HOME, ".jdks"),
            Path.of(HOME, ".sdkman", "candidates", "java"), Path.of(HOME, ".m2", "jdks"));

    private Jdk17() {}

    /// Returns the program `java` of a JDK 17. Skips the test if there is none.
    static Path find() throws IOException {
        var homes = new ArrayList<Path>();
        for (String variable : VARIABLES) {
            String home = System.getenv(variable);
            if (home != null) {
                homes.add(Path.of(home));
            }
        }
        for (var folder : FOLDERS) {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> installed = Files.list(folder)) {
                    installed.sorted().forEach(home -> {
                        homes.add(home);
                        homes.add(home.resolve("Contents").resolve("Home"));
                    });
                }
            }
        }
        for (var home : homes) {
            if (is17(home)) {
                return home.resolve("bin").resolve("java");
            }
        }
        Assumptions.assumeTrue(false, "no JDK 17 is installed: set JAVA17_HOME, or install one in one of " + FOLDERS);
        throw new AssertionError();
    }

    /// Tells whether a folder is a JDK 17 with a compiler, which running a source file needs.
    private static boolean is17(Path home) throws IOException {
        var release = home.resolve("release");
        return Files.isRegularFile(release) && Files.readString(release).contains("JAVA_VERSION=\"17")
                && Files.isExecutable(home.resolve("bin").resolve("javac"));
    }
}
