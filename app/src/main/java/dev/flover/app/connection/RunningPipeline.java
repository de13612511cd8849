package dev.flover.app.connection;

import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.Properties;

/// A note that `up` leaves while it runs, so that `submit` beside it needs no addresses.
///
/// In the user's own folder under the temporary one; a note whose process is gone counts for nothing.
///
/// @param pid of `up`
public record RunningPipeline(long pid, String bootstrapServers, String registryUrl) {
    private static final String PID = "pid";
    private static final String BOOTSTRAP = "bootstrap.servers";
    private static final String REGISTRY = "schema.registry.url";

    /// The pipeline that was started last, if it still runs.
    public static Optional<RunningPipeline> find() {
        Path note = note();
        var properties = new Properties();
        try (var in = Files.newBufferedReader(note)) {
            if (!Files.getOwner(note).getName().equals(System.getProperty("user.name"))) {
                return Optional.empty();
            }
            properties.load(in);
            var found = new RunningPipeline(Long.parseLong(properties.getProperty(PID)),
                    properties.getProperty(BOOTSTRAP), properties.getProperty(REGISTRY));
            return found.isComplete() && isAlive(found.pid) ? Optional.of(found) : Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();      // none, or none that can be understood: as if nothing ran
        }
    }

    /// Leaves the note; the newest one counts.
    public static RunningPipeline announce(Connection connection) {
        var running = new RunningPipeline(
                ProcessHandle.current().pid(), connection.bootstrapServers(), connection.registryUrl());
        var properties = new Properties();
        properties.setProperty(PID, Long.toString(running.pid));
        properties.setProperty(BOOTSTRAP, running.bootstrapServers);
        properties.setProperty(REGISTRY, running.registryUrl);
        try {
            Files.createDirectories(note().getParent());
            Path fresh = Files.createTempFile(note().getParent(), "pipeline", ".new");
            try (var out = Files.newBufferedWriter(fresh)) {
                properties.store(out, "a flover pipeline that runs on this machine");
            }
            Files.move(fresh, note(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new CommandException("cannot write " + note() + ": " + CommandException.reason(e), e);
        }
        return running;
    }

    /// Takes the note away, unless another pipeline has written its own since.
    public void withdraw() {
        if (find().filter(this::equals).isPresent()) {
            try {
                Files.deleteIfExists(note());
            } catch (IOException e) {
                return;      // the process it names will be gone in a moment, so nobody will believe it
            }
        }
    }

    private boolean isComplete() {
        return bootstrapServers != null && registryUrl != null;
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    private static Path note() {
        return Path.of(System.getProperty("java.io.tmpdir"),
                "flover-" + System.getProperty("user.name"), "pipeline.properties");
    }
}
