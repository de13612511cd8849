package dev.flover.benchmarks.load;

import dev.flover.app.Main;
import dev.flover.embedded.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// `up` in a process of its own, observed through its metrics.
final class ObservedPipeline implements AutoCloseable {
    private static final Pattern URL = Pattern.compile("http://\\S+?/metrics");
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");
    private static final int STOP_SECONDS = 30;
    private static final int KB_IN_MB = 1024;
    /// The most sequences in a step; enough to make the broker the bottleneck, and not the model.
    private static final int SLOTS = 64;

    private final Process process;
    private final @Nullable URI metrics;
    private final HttpClient client = HttpClient.newHttpClient();

    private ObservedPipeline(Process process, @Nullable URI metrics) {
        this.process = process;
        this.metrics = metrics;
    }

    /// Starts the process and returns when it serves.
    static ObservedPipeline start(
            String bootstrapServers, String registryUrl, Path model, Path data, int heapMb) throws IOException {
        var command = JavaCommand.ofEngine(Main.class).with("-Xmx" + heapMb + "m")
                .arguments("up", "--bootstrap-servers", bootstrapServers, "--schema-registry-url", registryUrl,
                        "--model", model.toString(), "--data", data.toString(), "--metrics-port", "0",
                        "--max-sequences", Integer.toString(SLOTS)).line();
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        URI metrics = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            var url = URL.matcher(line);
            if (url.find()) {
                metrics = URI.create(url.group());
            }
            if (line.startsWith("ready")) {
                Thread.ofVirtual().start(() -> pass(lines));
                return new ObservedPipeline(process, metrics);
            }
        }
        throw new IllegalStateException("the pipeline ended before it was ready");
    }

    private static void pass(BufferedReader lines) {
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.err.println("pipeline: " + line);
            }
        } catch (IOException e) {
            return;     // the process was stopped
        }
    }

    /// Reads the metrics page.
    Metrics metrics() {
        try {
            var answer = client.send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofLines());
            return Metrics.of(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException("the pipeline's metrics do not answer; it "
                    + (process.isAlive() ? "is alive" : "has ended"), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /// Returns the resident memory of the process in MB; 0 if the system has no `/proc`.
    long residentMb() {
        var file = Path.of("/proc", Long.toString(process.pid()), "status");
        try {
            var resident = RESIDENT.matcher(Files.exists(file) ? Files.readString(file) : "");
            return resident.find() ? Long.parseLong(resident.group(1)) / KB_IN_MB : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        client.close();
    }
}
