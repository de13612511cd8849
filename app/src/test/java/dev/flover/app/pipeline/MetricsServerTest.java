package dev.flover.app.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.app.options.CommandException;
import dev.flover.topology.Health;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class MetricsServerTest {
    private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AtomicReference<Health> health = new AtomicReference<>(new Health(Health.State.STARTING, "wait"));

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

            assertThatThrownBy(() -> MetricsServer.start("127.0.0.1", port, meters, health::get))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("port " + port + " at 127.0.0.1 is in use")
                    .hasMessageContaining("--metrics-port");
        }
    }

    private MetricsServer start() {
        return MetricsServer.start("127.0.0.1", 0, meters, health::get);
    }

    private static HttpResponse<String> get(String url) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
