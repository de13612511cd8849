package dev.flover.tests.security;

import dev.flover.app.Main;
import dev.flover.embedded.JavaCommand;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// The command line of Flover in a process of its own, and all lines that the process prints.
public final class FloverProcess implements AutoCloseable {
    private static final int LIMIT_S = 120;

    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reader;

    private FloverProcess(Process process) {
        this.process = process;
        this.reader = Thread.ofVirtual().start(this::read);
    }

    public static FloverProcess start(Path temporary, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(List.of(), temporary, environment, arguments);
    }

    /// Starts a process that cannot write files beyond a size, as if the disk were full.
    public static FloverProcess startLimited(int fileKiB, Path temporary, String... arguments) throws IOException {
        return start(List.of("bash", "-c", "ulimit -f " + fileKiB + "; exec \"$@\"", "bash"), temporary, Map.of(),
                arguments);
    }

    private static FloverProcess start(
            List<String> before, Path temporary, Map<String, String> environment, String... arguments)
            throws IOException {
        var command = new ArrayList<>(before);
        command.addAll(command(temporary, arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true);
        process.environment().putAll(environment);
        return new FloverProcess(process.start());
    }

    private static List<String> command(Path temporary, String... arguments) {
        return JavaCommand.ofEngine(Main.class).classPath(classPath())
                .with("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + temporary)
                .arguments(arguments).line();
    }

    /// Returns this test's class path with the application first, so that the application's logging configuration is
    /// used and not the one of the tests.
    private static String classPath() {
        var app = Main.class.getProtectionDomain().getCodeSource().getLocation();
        return Path.of(URI.create(app.toString())) + File.pathSeparator + System.getProperty("java.class.path");
    }

    private void read() {
        try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            return;      // the process was stopped
        }
    }

    /// Waits for a line that begins with `start`, and returns it.
    public String awaitLine(String start) throws InterruptedException {
        return await(start, line -> line.startsWith(start));
    }

    /// Waits for a line that contains `part`, and returns it.
    public String awaitLineWith(String part) throws InterruptedException {
        return await(part, line -> line.contains(part));
    }

    private String await(String what, Predicate<String> wanted) throws InterruptedException {
        for (int wait = 0; wait < LIMIT_S * 20; wait++) {
            for (var line : lines) {
                if (wanted.test(line)) {
                    return line;
                }
            }
            if (process.waitFor(50, TimeUnit.MILLISECONDS) && reader.join(Duration.ofSeconds(5))) {
                break;
            }
        }
        throw new AssertionError("no line '" + what + "':\n" + output());
    }

    public long pid() {
        return process.pid();
    }

    public int awaitEnd() throws InterruptedException {
        if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            throw new AssertionError("it did not end:\n" + output());
        }
        reader.join();
        return process.exitValue();
    }

    public String output() {
        return String.join("\n", lines);
    }

    /// Returns the command lines of the process and of its descendants, which every user of the machine can see.
    List<String> commandLines() {
        return family().stream().map(one -> one.info().commandLine().orElse("")).toList();
    }

    /// Returns the process and its descendants.
    List<ProcessHandle> family() {
        var family = new ArrayList<>(List.of(process.toHandle()));
        family.addAll(process.descendants().toList());
        return family;
    }

    void stop() throws InterruptedException {
        process.destroy();
        awaitEnd();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
