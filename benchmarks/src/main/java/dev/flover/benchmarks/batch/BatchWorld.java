package dev.flover.benchmarks.batch;

import dev.flover.app.Main;
import dev.flover.app.options.CommandException;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import dev.flover.embedded.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A broker, a registry, a pipeline and the command `batch`, each of which can be killed and started again.
final class BatchWorld implements AutoCloseable {
    private static final int PARTITIONS = 2;
    private static final int SLOTS = 32;
    private static final int STOP_SECONDS = 20;
    private static final long LOOK_MS = 500;
    /// Heap of the command in MB, so small that a command that kept its lines or answers would fail.
    static final int COMMAND_HEAP_MB = 64;

    private final Path folder;
    private final Path model;
    private final int context;
    private final EmbeddedRegistry registry;
    private EmbeddedBroker broker;
    private Process pipeline;
    private @Nullable Process command;
    private int restarts;
    private long commandMemoryMb;

    /// @param context the most positions of a sequence; 0 for the model's own
    BatchWorld(Path folder, Path model, int context) {
        this.folder = folder;
        this.model = model;
        this.context = context;
        registry = EmbeddedRegistry.start(folder.resolve("registry"));
        broker = EmbeddedBroker.start(folder.resolve("broker"));
        startPipeline(true);
    }

    /// @param wait whether to return when the pipeline answers requests, rather than at once
    private void startPipeline(boolean wait) {
        var line = JavaCommand.ofEngine(Main.class).with("-Xmx512m", "-XX:+UseSerialGC", "-Xlog:disable")
                .arguments("up", "--model", model.toString(), "--data", folder.resolve("data").toString(),
                        "--create-topics", "--partitions", Integer.toString(PARTITIONS), "--from", "earliest",
                        "--max-sequences", Integer.toString(SLOTS))
                .arguments(context > 0 ? new String[] {"--context", Integer.toString(context)} : new String[0])
                .arguments(addresses()).line();
        try {
            pipeline = new ProcessBuilder(line).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new CommandException("the pipeline's process cannot be started: " + e.getMessage(), e);
        }
        var output = new BufferedReader(new InputStreamReader(pipeline.getInputStream(), StandardCharsets.UTF_8));
        if (wait && !hasLine(output, "ready")) {
            throw new CommandException("the pipeline ended before it was ready");
        }
        Thread.ofVirtual().start(() -> hasLine(output, null));
    }

    /// Waits for the end of the command, and starts the pipeline again whenever it has ended by itself, as a supervisor
    /// of services does: a pipeline that starts while the broker is down ends with a message.
    ///
    /// @return whether the command has ended
    boolean await(Process command, long ms) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        boolean ended = false;
        for (long left = ms; left > 0 && !ended; left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime())) {
            ended = command.waitFor(Math.min(left, LOOK_MS), TimeUnit.MILLISECONDS);
            commandMemoryMb = Math.max(commandMemoryMb, ResidentMemory.mostMb(command.pid()));
            if (!pipeline.isAlive()) {
                startPipeline(false);
                restarts++;
            }
        }
        return ended;
    }

    /// The number of times that the pipeline ended by itself and was started again.
    int restarts() {
        return restarts;
    }

    /// The most resident memory that a process of the command has had, in MB; 0 if the system does not tell it.
    long commandMemoryMb() {
        return commandMemoryMb;
    }

    /// Reads lines until one begins with a text; false at the end of the output.
    private static boolean hasLine(BufferedReader output, @Nullable String begin) {
        try {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (begin != null && line.startsWith(begin)) {
                    return true;
                }
            }
        } catch (IOException e) {
            return false;      // the process was killed
        }
        return false;
    }

    private List<String> addresses() {
        return List.of("--bootstrap-servers", broker.bootstrapServers(), "--schema-registry-url", registry.url());
    }

    /// Starts the command; its summary and errors go to a file.
    Process startCommand(Path input, Path out, String tenant, Path log) throws IOException {
        var line = JavaCommand.of(Main.class.getName())
                .with("-Xmx" + COMMAND_HEAP_MB + "m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xlog:disable")
                .arguments("batch", input.toString(), "--out", out.toString(), "--tenant", tenant, "--json")
                .arguments(addresses()).line();
        command = new ProcessBuilder(line).redirectOutput(log.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(log.resolveSibling("errors.log").toFile())).start();
        return command;
    }

    void kill(Victim victim) throws InterruptedException {
        switch (victim) {
            case COMMAND -> end(Objects.requireNonNull(command));
            case PIPELINE -> {
                end(pipeline);
                startPipeline(false);
            }
            case BROKER -> {
                broker.kill();
                broker = EmbeddedBroker.start(folder.resolve("broker"));
            }
        }
    }

    /// The processes that are killed.
    enum Victim { COMMAND, PIPELINE, BROKER }

    private static void end(Process process) throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    @Override
    public void close() {
        try {
            if (command != null) {
                end(command);
            }
            pipeline.destroy();
            if (!pipeline.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                end(pipeline);
            }
        } catch (InterruptedException e) {
            pipeline.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        broker.close();
        registry.close();
    }
}
