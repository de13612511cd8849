package dev.flover.app.delivery;

import dev.flover.app.options.CommandException;
import dev.flover.app.terminal.StopSignal;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.Health;
import dev.flover.topology.Pipeline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// A pipeline in a process of its own: this JVM and class path. It says on standard output how it stands, ends in good
/// order on SIGTERM, and at once when its standard input ends, so it does not outlive whoever watches it.
final class VictimProcess implements AutoCloseable {
    private static final String LOADED = "LOADED";
    private static final long LOOK_MS = 2;
    private static final int SEQUENCES = 16;
    private static final int PREFILL_CHUNK = 64;
    private static final int BLOCK_TOKENS = 16;
    private static final int LOG_LINES_IN_MESSAGE = 8;
    /// Options of this JVM that decide how quick a start is: archives of class data, which compilers.
    private static final List<String> INHERITED =
            List.of("-XX:SharedArchiveFile=", "-XX:AOTCache=", "-XX:TieredStopAtLevel=");

    private final Process process;
    private final Path log;
    private final long startedMs;
    private final long startedNanos = System.nanoTime();
    private volatile Phase phase = Phase.LOADING;
    private volatile long readyNanos;

    private VictimProcess(Process process, Path log, long startedMs) {
        this.process = process;
        this.log = log;
        this.startedMs = startedMs;
        Thread.ofVirtual().start(this::listen);
    }

    /// @param log gets what it has to say, after what others said before
    static VictimProcess start(VictimSettings settings, Path log) {
        long now = System.currentTimeMillis();
        try {
            return new VictimProcess(
                    new ProcessBuilder(command(settings)).redirectError(Redirect.appendTo(log.toFile())).start(),
                    log, now);
        } catch (IOException e) {
            throw new CommandException("the pipeline's process cannot be started: " + e.getMessage(), e);
        }
    }

    private static List<String> command(VictimSettings settings) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-ea", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Xlog:disable",
                "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        }
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> INHERITED.stream().anyMatch(option::startsWith)).forEach(command::add);
        command.addAll(List.of("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-cp", System.getProperty("java.class.path"), VictimProcess.class.getName()));
        command.addAll(settings.arguments());
        return command;
    }

    public static void main(String[] arguments) {
        var settings = VictimSettings.of(arguments);
        var setBy = new AtomicLong();
        Thread.ofPlatform().daemon().name("watch-parent").start(() -> listenToParent(setBy));
        try (var stop = StopSignal.install(); var model = ModelLoader.open(settings.model(), settings.context())) {
            var config = engineConfig(model);
            var engine = Engine.start(model, Backends.open(settings.backend(), settings.threads()), config);
            System.out.println(LOADED);
            try (var pipeline = Pipeline.start(settings.pipeline(), RequestContract.ofThisRelease(), model, engine,
                    config, new SimpleMeterRegistry(), () -> System.currentTimeMillis() + setBy.get())) {
                report(pipeline, stop);
            }
        }
    }

    private static EngineConfig engineConfig(Model model) {
        int blocks = SEQUENCES * ((model.config().contextLength() + BLOCK_TOKENS - 1) / BLOCK_TOKENS);
        return EngineConfig.of(SEQUENCES, SEQUENCES + PREFILL_CHUNK)
                .withPrefillChunk(PREFILL_CHUNK)
                .withBlockTokens(BLOCK_TOKENS)
                .withKvBlocks(blocks);
    }

    private static void report(Pipeline pipeline, StopSignal stop) {
        var said = Health.State.STARTING;
        do {
            var now = pipeline.health().state();
            if (now != said) {
                System.out.println(now);
                said = now;
            }
        } while (said != Health.State.FAILED && !stop.await(LOOK_MS));
    }

    /// Sets the clock as each line says; ends with the parent.
    private static void listenToParent(AtomicLong setBy) {
        try (var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                setBy.set(Long.parseLong(line));
            }
        } catch (IOException e) {
            System.err.println("the pipe from the parent broke: " + e.getMessage());
        }
        Runtime.getRuntime().halt(1);
    }

    private void listen() {
        try (var lines = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                hear(line);
            }
        } catch (IOException e) {
            return;      // it was killed
        }
    }

    private void hear(String line) {
        if (line.equals(LOADED) || line.equals(Health.State.STARTING.name())) {
            phase = Phase.CONNECTING;
        } else if (line.equals(Health.State.REBALANCING.name())) {
            phase = Phase.RESTORING;
        } else if (line.equals(Health.State.READY.name())) {
            phase = Phase.SERVING;
            readyNanos = readyNanos == 0 ? System.nanoTime() : readyNanos;
        }
    }

    /// Wall-clock time of the start; all that it writes is younger.
    long startedMs() {
        return startedMs;
    }

    long startedNanos() {
        return startedNanos;
    }

    /// Whether it once had its partitions.
    boolean isReady() {
        return readyNanos != 0;
    }

    /// Whether it has its partitions now.
    boolean isServing() {
        return phase == Phase.SERVING;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /// Sets the wall clock of the process.
    ///
    /// @param ms against that of the machine; nothing happens where the process has ended
    void setClock(long ms) {
        try {
            process.getOutputStream().write((ms + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            return;     // it was killed meanwhile
        }
    }

    /// SIGTERM. Unlike [Process#destroy], this leaves standard input open, whose end would be an end at once.
    void terminate() {
        process.toHandle().destroy();
    }

    /// Of a process that has ended.
    int exitCode() {
        return process.exitValue();
    }

    /// From its start until it was ready.
    long millisToReady() {
        return (readyNanos - startedNanos) / 1_000_000;
    }

    Phase phase(Sightings sightings) {
        var now = phase;
        if (now != Phase.SERVING || !sightings.committedSince(startedMs)) {
            return now;
        }
        return sightings.isInTransaction() ? Phase.IN_TRANSACTION : Phase.SETTLED;
    }

    /// @throws CommandException if it has ended without having been killed
    void throwIfEnded() {
        if (!process.isAlive()) {
            throw new CommandException("the pipeline ended by itself with exit code " + process.exitValue()
                    + "; what it said last:\n" + String.join("\n", lastLines()));
        }
    }

    private List<String> lastLines() {
        try {
            var lines = Files.readAllLines(log).stream().filter(line -> !line.startsWith("\tat ")).toList();
            return lines.subList(Math.max(0, lines.size() - LOG_LINES_IN_MESSAGE), lines.size());
        } catch (IOException | UncheckedIOException e) {
            return List.of("(unreadable: " + e.getMessage() + ")");
        }
    }

    /// Kill -9.
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
