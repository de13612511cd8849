package dev.flover.benchmarks.delivery;

import dev.flover.app.options.CommandException;
import dev.flover.app.terminal.StopSignal;
import dev.flover.embedded.JavaCommand;
import dev.flover.engine.Backends;
import dev.flover.engine.DeviceList;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// A pipeline in a process of its own, with this JVM and class path. It reports its state on standard output. It stops
/// in an orderly way on SIGTERM, and at once when its standard input ends, so it does not outlive its parent.
final class VictimProcess implements AutoCloseable {
    private static final String LOADED = "LOADED";
    private static final long LOOK_MS = 2;
    private static final int SEQUENCES = 16;
    private static final int PREFILL_CHUNK = 64;
    private static final int BLOCK_TOKENS = 16;
    private static final int LOG_LINES_IN_MESSAGE = 8;
    /// Options of this JVM that make a start faster and that the child inherits: archives of class data, the choice of
    /// compilers.
    private static final List<String> START =
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

    /// @param log the file that the process appends its log to
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
        return JavaCommand.ofEngine(VictimProcess.class).inherit(START)
                .with("-ea", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Xlog:disable",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-Dorg.slf4j.simpleLogger.showDateTime=true")
                .arguments(settings.arguments()).line();
    }

    public static void main(String[] arguments) {
        if (arguments.length != VictimSettings.ARGUMENTS) {
            System.err.println("expected: " + VictimSettings.ARGUMENTS
                    + " arguments; the command verify-delivery starts this program");
            System.exit(2);
        }
        var settings = VictimSettings.of(arguments);
        var setBy = new AtomicLong();
        Thread.ofPlatform().daemon().name("watch-parent").start(() -> listenToParent(setBy));
        try (var stop = StopSignal.install(); var model = ModelLoader.open(settings.model(), settings.context())) {
            var config = engineConfig(model);
            var devices = DeviceList.parse(settings.devices());
            int ranks = Backends.ranks(settings.ranks(), settings.backend(), model, devices, settings.engines());
            var engines = Backends.open(
                    settings.backend(), settings.threads(), ranks, settings.engines(), devices).stream()
                    .map(backend -> Engine.start(model, backend, config)).toList();
            System.out.println(LOADED);
            try (var pipeline = Pipeline.start(settings.pipeline(), RequestContract.ofThisRelease(), model, engines,
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

    /// Sets the offset of the clock to the number on each line of standard input; ends the process when the parent has
    /// ended.
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
            return;      // the process was killed
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

    /// Returns the wall-clock time of the start in ms since 1970; all records of the process are younger.
    long startedMs() {
        return startedMs;
    }

    long startedNanos() {
        return startedNanos;
    }

    /// Tells whether the process has had its partitions at any time.
    boolean isReady() {
        return readyNanos != 0;
    }

    /// Tells whether the process has its partitions now.
    boolean isServing() {
        return phase == Phase.SERVING;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /// Sets the wall clock of the process. Does nothing if the process has ended.
    ///
    /// @param ms the offset from the machine's clock, in ms
    void setClock(long ms) {
        try {
            process.getOutputStream().write((ms + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            return;     // the process was killed
        }
    }

    /// Sends SIGTERM. Unlike [Process#destroy], this leaves standard input open, whose end would stop the process at
    /// once.
    void terminate() {
        process.toHandle().destroy();
    }

    /// Returns the exit code; the process must have ended.
    int exitCode() {
        return process.exitValue();
    }

    /// Returns the time from the start until the process had its partitions, in ms.
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

    /// @throws CommandException if the process has ended without being killed
    void throwIfEnded() {
        if (!process.isAlive()) {
            throw new CommandException("the pipeline ended by itself with exit code " + process.exitValue()
                    + "; its last output:\n" + String.join("\n", lastLines()));
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

    /// Kills the process with SIGKILL and waits for its end.
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
