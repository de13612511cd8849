package dev.flover.benchmarks.instances;

import dev.flover.app.Main;
import dev.flover.app.options.CommandException;
import dev.flover.embedded.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The command `up` in a process of its own.
final class UpProcess implements AutoCloseable {
    private static final int READY_SECONDS = 120;
    private static final int STOP_SECONDS = 30;
    private static final int KEPT_LINES = 20;

    private final Process process;
    private final CountDownLatch said = new CountDownLatch(1);
    private final Deque<String> last = new ArrayDeque<>();
    private volatile boolean ready;

    private UpProcess(Process process) {
        this.process = process;
    }

    /// Starts the process and returns at once.
    static UpProcess start(List<String> arguments) {
        var line = JavaCommand.ofEngine(Main.class).with("-Xmx512m", "-XX:+UseSerialGC", "-Xlog:disable")
                .arguments("up").arguments(arguments).line();
        try {
            var up = new UpProcess(new ProcessBuilder(line).redirectErrorStream(true).start());
            Thread.ofVirtual().start(up::read);
            return up;
        } catch (IOException e) {
            throw new CommandException("the pipeline's process cannot be started: " + e.getMessage(), e);
        }
    }

    private void read() {
        try (var lines = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (last) {
                    last.add(line);
                    if (last.size() > KEPT_LINES) {
                        last.remove();
                    }
                }
                if (line.startsWith("ready")) {
                    ready = true;
                    said.countDown();
                }
            }
        } catch (IOException e) {
            synchronized (last) {
                last.add("its output ended: " + e.getMessage());
            }
        } finally {
            said.countDown();
        }
    }

    /// Waits until the process serves requests.
    ///
    /// @throws CommandException if it ends before, or is not ready in time
    void awaitReady() throws InterruptedException {
        if (!said.await(READY_SECONDS, TimeUnit.SECONDS)) {
            throw new CommandException("the pipeline was not ready within " + READY_SECONDS + " s");
        }
        if (!ready) {
            synchronized (last) {
                throw new CommandException("the pipeline ended before it was ready; its last output:\n"
                        + String.join("\n", last));
            }
        }
    }

    /// Stops the process by SIGTERM and waits for its end.
    void stop() throws InterruptedException {
        process.toHandle().destroy();       // Process.destroy would close its output, too
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new CommandException("the pipeline did not end within " + STOP_SECONDS + " s after SIGTERM");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
