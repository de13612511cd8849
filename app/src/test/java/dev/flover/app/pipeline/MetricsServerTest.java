package dev.flover.app.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.app.options.CommandException;
import dev.flover.topology.Health;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsServerTest {
    private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AtomicReference<Health> health = new AtomicReference<>(new Health(Health.State.STARTING, "wait"));

    private final MetricsServer.Pages pages = new MetricsServer.Pages() {
        @Override
        public Health health() {
            return health.get();
        }

        @Override
        public String metrics() {
            return meters.scrape();
        }

        @Override
        public Object status() {
            return Map.of("state", "ready");
        }

        @Override
        public Object generations() {
            return List.of(Map.of("id", "r1"));
        }
    };

    @TempDir
    private Path folder;

    @Test
    void servesMetricsAsPrometheusText() throws Exception {
        meters.counter("flover.tokens").increment(5);
        try (var server = start()) {
            var answer = get(server.url() + "/metrics");

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("flover_tokens_total 5.0");
        }
    }

    @Test
    void aStartingPipelineIsHealthyAndNotReady() throws Exception {
        try (var server = start()) {
            assertThat(get(server.url() + "/health").statusCode()).isEqualTo(200);
            assertThat(get(server.url() + "/ready").statusCode()).isEqualTo(503);

            health.set(new Health(Health.State.READY, "serving"));
            assertThat(get(server.url() + "/ready").statusCode()).isEqualTo(200);

            health.set(new Health(Health.State.FAILED, "the device is gone"));
            var failed = get(server.url() + "/health");
            assertThat(failed.statusCode()).isEqualTo(503);
            assertThat(failed.body()).isEqualTo("FAILED: the device is gone\n");
        }
    }

    @Test
    void aPortInUseIsOneSentence() {
        try (var server = start()) {
            int port = URI.create(server.url()).getPort();

            var access = new ListenerAccess(Optional.empty());
            assertThatThrownBy(() -> MetricsServer.start("127.0.0.1", port, access, pages))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("port " + port + " at 127.0.0.1 is in use")
                    .hasMessageContaining("--metrics-port");
        }
    }

    @Test
    void pagesThatNameRequestsAreForProgramsOfThisMachineAndNotForWebPages() throws Exception {
        try (var server = start()) {
            assertThat(get(server.url() + "/generations").body()).isEqualTo("[{\"id\":\"r1\"}]");
            assertThat(get(server.url() + "/threads").body()).contains(Thread.currentThread().getName());
            assertThat(get(server.url() + "/status").body()).isEqualTo("{\"state\":\"ready\"}");

            assertThat(get(server.url() + "/generations", "Origin", "http://evil.example").statusCode()).isEqualTo(403);
            assertThat(raw(server.url(), "GET /generations HTTP/1.1", "Host: evil.example")).contains(" 403 ")
                    .contains("metrics-token").doesNotContain("r1");
            assertThat(raw(server.url(), "GET /threads HTTP/1.0")).contains(" 403 ");
        }
    }

    @Test
    void aTokenIsAcceptedFromAnywhereAndAWrongOneNowhere() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "first\n");
        try (var server = MetricsServer.start("127.0.0.1", 0, new ListenerAccess(Optional.of(file)), pages)) {
            assertThat(raw(server.url(), "GET /generations HTTP/1.1", "Host: evil.example",
                    "Authorization: Bearer first")).contains(" 200 ").contains("r1");
            assertThat(get(server.url() + "/generations", "Authorization", "Bearer second").statusCode())
                    .as("also on this machine").isEqualTo(403);

            Files.writeString(file, "second\n");
            assertThat(get(server.url() + "/generations", "Authorization", "Bearer second").statusCode())
                    .as("the file has changed").isEqualTo(200);
        }
        Files.writeString(file, "\n");
        assertThatThrownBy(() -> MetricsServer.start("127.0.0.1", 0, new ListenerAccess(Optional.of(file)), pages))
                .isInstanceOf(CommandException.class).hasMessageContaining("must have a token in its first line");
    }

    private MetricsServer start() {
        return MetricsServer.start("127.0.0.1", 0, new ListenerAccess(Optional.empty()), pages);
    }

    private static HttpResponse<String> get(String url, String... headers) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(url));
        try (var client = HttpClient.newHttpClient()) {
            return client.send((headers.length == 0 ? request : request.headers(headers)).build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    /// Sends a request with a Host header that Java's client does not send, and returns the whole answer.
    private static String raw(String url, String... lines) throws IOException {
        var address = URI.create(url);
        try (var socket = new Socket(address.getHost(), address.getPort())) {
            String request = String.join("\r\n", lines) + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
