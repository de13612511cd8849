package dev.flover.app.connection;

import dev.flover.app.options.CommandException;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;

/// A file with the addresses of a running `up`, so that client commands on the same machine find them without options.
///
/// Each process has its own file in a folder of the user under the temporary folder. A file whose process has ended is
/// ignored.
///
/// @param pid     process id of `up`
/// @param started    when that process started, in ms since 1970; it distinguishes processes that got the same id
/// @param metricsUrl the address of its metrics, on this machine
public record RunningPipeline(
        long pid, long started, String applicationId, String model, PipelineAddress address, String metricsUrl) {
    private static final String PID = "pid";
    private static final String STARTED = "started";
    private static final String APPLICATION_ID = "application.id";
    private static final String MODEL = "model";
    private static final String BOOTSTRAP = "bootstrap.servers";
    private static final String REGISTRY = "schema.registry.url";
    private static final String METRICS = "metrics.url";
    private static final String TOPIC = "topic.";
    private static final String BEGINNING = "pipeline-";
    private static final String END = ".properties";

    /// Returns the pipelines that run on this machine for this user, in order of their process ids.
    public static List<RunningPipeline> all() {
        return all(folder());
    }

    static List<RunningPipeline> all(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        var running = new ArrayList<RunningPipeline>();
        try (var notes = Files.newDirectoryStream(folder, BEGINNING + "*" + END)) {
            notes.forEach(note -> read(note).filter(RunningPipeline::isAlive).ifPresent(running::add));
        } catch (IOException e) {
            throw new CommandException("cannot look for running pipelines in " + folder + ": "
                    + CommandException.reason(e) + "; give --bootstrap-servers and --schema-registry-url", e);
        }
        running.sort(Comparator.comparingLong(RunningPipeline::pid));
        return List.copyOf(running);
    }

    /// Reads a file; empty if it has another format or belongs to another user, as if that pipeline did not run.
    private static Optional<RunningPipeline> read(Path note) {
        var properties = new Properties();
        try (var in = Files.newBufferedReader(note)) {
            if (!Files.getOwner(note).getName().equals(System.getProperty("user.name"))) {
                return Optional.empty();
            }
            properties.load(in);
            return Optional.of(new RunningPipeline(Long.parseLong(value(properties, PID)),
                    Long.parseLong(value(properties, STARTED)), value(properties, APPLICATION_ID),
                    value(properties, MODEL), new PipelineAddress(
                            value(properties, BOOTSTRAP), value(properties, REGISTRY), topics(properties)),
                    value(properties, METRICS)));
        } catch (IOException | IllegalArgumentException | NullPointerException e) {
            return Optional.empty();
        }
    }

    private static String value(Properties properties, String name) {
        return Objects.requireNonNull(properties.getProperty(name), name);
    }

    private static TopicNames topics(Properties properties) {
        return new TopicNames(value(properties, TOPIC + "requests"), value(properties, TOPIC + "tokens"),
                value(properties, TOPIC + "results"), value(properties, TOPIC + "dead-letters"),
                value(properties, TOPIC + "models"));
    }

    /// Writes the file of this process.
    public static RunningPipeline announce(
            String applicationId, String model, PipelineAddress address, String metricsUrl) {
        var process = ProcessHandle.current();
        var running = new RunningPipeline(process.pid(), started(process), applicationId, model, address, metricsUrl);
        running.writeTo(folder());
        return running;
    }

    void writeTo(Path folder) {
        var properties = new Properties();
        properties.setProperty(PID, Long.toString(pid));
        properties.setProperty(STARTED, Long.toString(started));
        properties.setProperty(APPLICATION_ID, applicationId);
        properties.setProperty(MODEL, model);
        properties.setProperty(BOOTSTRAP, address.bootstrapServers());
        properties.setProperty(REGISTRY, address.registryUrl());
        properties.setProperty(TOPIC + "requests", address.topics().requests());
        properties.setProperty(TOPIC + "tokens", address.topics().tokens());
        properties.setProperty(TOPIC + "results", address.topics().results());
        properties.setProperty(TOPIC + "dead-letters", address.topics().deadLetters());
        properties.setProperty(TOPIC + "models", address.topics().models());
        properties.setProperty(METRICS, metricsUrl);
        Path note = note(folder);
        try {
            Files.createDirectories(folder);
            Path fresh = Files.createTempFile(folder, BEGINNING, ".new");
            try (var out = Files.newBufferedWriter(fresh)) {
                properties.store(out, "a flover pipeline that runs on this machine");
            }
            Files.move(fresh, note, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new CommandException("cannot write " + note + ": " + CommandException.reason(e), e);
        }
    }

    /// Deletes the file of this process.
    public void withdraw() {
        try {
            Files.deleteIfExists(note(folder()));
        } catch (IOException e) {
            return;      // the process ends soon, and then the file is ignored
        }
    }

    /// Describes the pipeline, as in `application flover, model novelist-f16, process 4711, at 127.0.0.1:9092`.
    String words() {
        return "application " + applicationId + ", model " + model + ", process " + pid + ", at "
                + address.bootstrapServers();
    }

    boolean answersTo(String name) {
        return name.equals(applicationId) || name.equals(model) || name.equals(Long.toString(pid));
    }

    private boolean isAlive() {
        return ProcessHandle.of(pid).filter(process -> process.isAlive() && started(process) == started).isPresent();
    }

    /// Returns when a process started, in ms since 1970; 0 if the system does not tell.
    static long started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    private Path note(Path folder) {
        return folder.resolve(BEGINNING + pid + END);
    }

    private static Path folder() {
        return Path.of(System.getProperty("java.io.tmpdir"), "flover-" + System.getProperty("user.name"));
    }
}
