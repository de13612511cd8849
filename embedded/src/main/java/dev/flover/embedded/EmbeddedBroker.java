package dev.flover.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A running Kafka broker in a process of its own, which stores everything in one folder.
///
/// A second start in the same folder has the topics and the address of the first. The broker stops when this process
/// ends, also if it is killed.
public final class EmbeddedBroker implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    /// How long to wait for an earlier broker in the same folder: one whose parent was killed ends within its own limit
    /// of 10 s.
    private static final Duration PREDECESSOR_LIMIT = Duration.ofSeconds(12);
    private static final int ATTEMPTS = 3;
    private static final int LOG_LINES_IN_MESSAGE = 5;

    private final Process process;
    private final BrokerPorts ports;
    private final Path log;
    private final boolean temporary;
    private final Thread atExit = new Thread(this::end, "end-broker");
    private volatile boolean ready;

    private EmbeddedBroker(Process process, BrokerPorts ports, Path log, boolean temporary) {
        this.process = process;
        this.ports = ports;
        this.log = log;
        this.temporary = temporary;
        try {
            Runtime.getRuntime().addShutdownHook(atExit);
        } catch (IllegalStateException e) {
            kill();
            throw new EmbeddedServerException("the process ends while the embedded broker starts", e);
        }
    }

    /// Starts a broker and waits until it serves: on the port of the folder's last run, or on a free one at the first.
    ///
    /// @throws EmbeddedServerException if the port is taken or the broker does not start, with its last log lines
    public static EmbeddedBroker start(Path folder) {
        return start(folder, Map.of());
    }

    /// Starts a broker with further settings, which override the ones made here: another protocol for the listeners
    /// `CLIENT` and `CONTROLLER`, or an authorizer. They are kept in a file in the folder.
    ///
    /// @throws EmbeddedServerException if the broker does not start; the message has its last log lines
    public static EmbeddedBroker start(Path folder, Map<String, String> settings) {
        return start(folder, settings, Optional.empty());
    }

    /// Starts a broker whose data is of no use after the end of this process: if this process is killed, the broker
    /// deletes the folder.
    ///
    /// @param temporary contains the broker's data, and other files to delete with it
    /// @throws EmbeddedServerException if the broker does not start; the message has its last log lines
    public static EmbeddedBroker startTemporary(Path temporary) {
        return startTemporary(temporary, Map.of());
    }

    /// Starts a temporary broker with further settings, which override the ones made here.
    public static EmbeddedBroker startTemporary(Path temporary, Map<String, String> settings) {
        return start(temporary.resolve("kafka"), settings, Optional.of(temporary.toAbsolutePath()));
    }

    private static EmbeddedBroker start(Path folder, Map<String, String> settings, Optional<Path> temporary) {
        for (int attempt = 1;; attempt++) {
            var ports = BrokerSettings.portsIn(settingsIn(folder))
                    .map(last -> last.again(PREDECESSOR_LIMIT)).orElseGet(BrokerPorts::free);
            try {
                return start(folder, ports, settings, temporary);
            } catch (EmbeddedServerException e) {
                if (attempt == ATTEMPTS || ports.areFree()) {       // else a port was taken after the check
                    throw e;
                }
            }
        }
    }

    /// Starts a broker at a given port on the loopback address; 0 takes a free one.
    ///
    /// @throws EmbeddedServerException if the port is taken, or the broker does not start
    public static EmbeddedBroker start(Path folder, int port) {
        var ports = BrokerSettings.portsIn(settingsIn(folder)).filter(last -> last.client() == port)
                .map(last -> last.again(PREDECESSOR_LIMIT)).orElseGet(() -> BrokerPorts.freeFor(port));
        return start(folder, ports, Map.of(), Optional.empty());
    }

    private static EmbeddedBroker start(
            Path folder, BrokerPorts ports, Map<String, String> more, Optional<Path> temporary) {
        var log = folder.resolve("broker.log").toAbsolutePath();
        var file = settingsIn(folder);
        try {
            Files.createDirectories(folder);
            var settings = BrokerSettings.of(folder.resolve("broker").toAbsolutePath(), ports);
            settings.putAll(more);
            BrokerSettings.write(file, settings);
            var process = new ProcessBuilder(BrokerCommand.of(file, temporary)).redirectError(log.toFile()).start();
            var broker = new EmbeddedBroker(process, ports, log, temporary.isPresent());
            broker.awaitReady();
            return broker;
        } catch (IOException e) {
            throw new EmbeddedServerException("the embedded broker could not be started in " + folder + ": "
                    + e.getMessage(), e);
        }
    }

    /// The address for `bootstrap.servers`.
    public String bootstrapServers() {
        return "127.0.0.1:" + ports.client();
    }

    /// Returns the broker's log file, which begins with its last start.
    public Path log() {
        return log;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /// Kills the process at once, as a crash or an out-of-memory killer would.
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /// Stops the broker; kills it if it does not stop in time. Idempotent.
    @Override
    public void close() {
        if (ready) {
            stop();
        } else {
            kill();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return;      // the process is ending; its shutdown hook does nothing
        }
    }

    /// Ends the broker when this process ends. It is stopped in an orderly way only if its data is kept.
    private void end() {
        if (ready && !temporary) {
            stop();
        } else {
            kill();
        }
    }

    private void stop() {
        try (var orders = process.getOutputStream()) {
            orders.write(BrokerSignals.STOP);
            orders.flush();
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
            }
        } catch (IOException e) {
            kill();
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
        }
    }

    private void awaitReady() {
        var line = CompletableFuture.supplyAsync(this::firstLine, task -> Thread.ofVirtual().start(task));
        try {
            if (!BrokerSignals.READY.equals(line.get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS))) {
                throw notReady("stopped before it was ready");
            }
            ready = true;
        } catch (TimeoutException e) {
            throw notReady("was not ready after " + START_LIMIT.toSeconds() + " s");
        } catch (ExecutionException e) {
            throw notReady("could not be read from: " + e.getMessage());
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw new EmbeddedServerException("interrupted while the embedded broker started", e);
        }
    }

    private String firstLine() {
        var reader = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        try {
            return reader.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private EmbeddedServerException notReady(String how) {
        close();
        return new EmbeddedServerException("the embedded broker " + how + "; its log is " + log + " and ends with:\n"
                + String.join("\n", lastLogLines()));
    }

    private List<String> lastLogLines() {
        try {
            var lines = new ArrayList<>(Files.readAllLines(log));
            lines.removeIf(line -> line.isBlank() || line.startsWith("\tat "));
            return lines.subList(Math.max(0, lines.size() - LOG_LINES_IN_MESSAGE), lines.size());
        } catch (IOException e) {
            return List.of("(unreadable: " + e.getMessage() + ")");
        }
    }

    private static Path settingsIn(Path folder) {
        return folder.resolve("server.properties").toAbsolutePath();
    }
}
