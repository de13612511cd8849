package dev.flover.embedded;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The command line of a child JVM: the Java of this process, its class path, and those of its options that every JVM
/// of Flover needs. The parent POM names them once, in `flover.jvm`; a child inherits them.
public final class JavaCommand {
    /// Options without which Kafka's libraries and native kernels print warnings, or stop in a later Java.
    private static final List<String> ACCESS = List.of("--enable-native-access", "--sun-misc-unsafe-memory-access");
    /// Options for a JVM that runs the engine: the Vector API, and the compiler's thresholds.
    private static final List<String> ENGINE = List.of("--add-modules", "-XX:CompileCommand");

    private final String main;
    private final List<String> options = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private String classPath = System.getProperty("java.class.path");

    private JavaCommand(String main) {
        this.main = main;
    }

    /// A JVM for a main class that does not run the engine.
    public static JavaCommand of(String main) {
        return new JavaCommand(main).inherit(ACCESS);
    }

    /// A JVM for a main class that runs the engine.
    public static JavaCommand ofEngine(Class<?> main) {
        return of(main.getName()).inherit(ENGINE);
    }

    /// Adds those options of this JVM that begin with one of the prefixes.
    public JavaCommand inherit(List<String> prefixes) {
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> prefixes.stream().anyMatch(option::startsWith)).forEach(options::add);
        return this;
    }

    /// Adds options of the JVM.
    public JavaCommand with(String... more) {
        return with(Arrays.asList(more));
    }

    /// Adds options of the JVM.
    public JavaCommand with(List<String> more) {
        options.addAll(more);
        return this;
    }

    /// Replaces the class path of this process.
    public JavaCommand classPath(String other) {
        classPath = other;
        return this;
    }

    /// Adds arguments of the main class.
    public JavaCommand arguments(String... more) {
        return arguments(Arrays.asList(more));
    }

    /// Adds arguments of the main class.
    public JavaCommand arguments(List<String> more) {
        arguments.addAll(more);
        return this;
    }

    /// Returns the program and its arguments for a [ProcessBuilder].
    public List<String> line() {
        var line = new ArrayList<String>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(options);
        line.addAll(List.of("-cp", classPath, main));
        line.addAll(arguments);
        return line;
    }
}
