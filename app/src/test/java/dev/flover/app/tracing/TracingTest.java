package dev.flover.app.tracing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.flover.app.options.CommandException;
import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.notes.GenerationNotes.Note;
import dev.flover.topology.notes.GenerationNotes.Origin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TracingTest {
    private static final GenerationSpans.Names NAMES =
            new GenerationSpans.Names("novelist", "requests-here", "group-1");
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";

    private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final GenerationNotes notes = new GenerationNotes();
    private HttpServer collector;

    /// A receiver of OTLP over HTTP: it keeps the bytes of each request, as characters.
    @BeforeEach
    void startCollector() throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            try (exchange) {
                received.add(exchange.getRequestHeaders().getFirst("Content-Type") + " "
                        + exchange.getRequestHeaders().getFirst("x-team") + " "
                        + new String(exchange.getRequestBody().readAllBytes(), ISO_8859_1));
                exchange.sendResponseHeaders(200, -1);
            }
        });
        collector.start();
    }

    @AfterEach
    void stopCollector() {
        collector.stop(0);
    }

    private Map<String, String> environment() {
        return Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + collector.getAddress().getPort(),
                "OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue", "OTEL_EXPORTER_OTLP_COMPRESSION", "none",
                "OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test");
    }

    private static Note.Ended ended(String id, String reason, String traceparent) {
        return new Note.Ended(new Origin(id, "acme", 3, 77, 12, 100, 1_700_000_000_000L), reason, 42,
                1_700_000_000_100L, 1_700_000_000_900L, traceparent);
    }

    private static String bytes(String hex) {
        return new String(HexFormat.of().parseHex(hex), ISO_8859_1);
    }

    @Test
    void aGenerationThatEndsBecomesASpanWithALinkToItsProducer() throws InterruptedException {
        try (var _ = Tracing.start(environment(), NAMES, () -> Optional.of(notes)).orElseThrow()) {
            notes.add(new Note.Begun(0, 1, 0, 0, new Origin("r1", "acme", 3, 77, 12, 100, 5)));
            notes.add(ended("r1", "length", "00-" + TRACE + "-" + PARENT + "-01"));
        }

        String body = received.poll(60, TimeUnit.SECONDS);
        assertThat(body).startsWith("application/x-protobuf blue ").contains("generation", "novelist", "requests-here",
                "group-1", "r1", "acme", "first token", "length", "flover", "deployment.environment")
                .contains(bytes(TRACE)).contains(bytes(PARENT));
    }

    @Test
    void aRecordWithoutAProducersSpanOrWithAnotherFormHasNoLink() throws InterruptedException {
        try (var _ = Tracing.start(environment(), NAMES, () -> Optional.of(notes)).orElseThrow()) {
            notes.add(ended("without", "stop", null));
            notes.add(ended("garbage", "error", "00-" + TRACE.toUpperCase(java.util.Locale.ROOT) + "-x"));
        }

        assertThat(received.poll(60, TimeUnit.SECONDS)).contains("without", "garbage").doesNotContain(bytes(TRACE));
    }

    @ParameterizedTest
    @CsvSource({"OTEL_EXPORTER_OTLP_ENDPOINT, http://localhost:4318, true",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, http://localhost:4318/v1/traces, true",
            "OTEL_TRACES_EXPORTER, otlp, true", "OTEL_TRACES_EXPORTER, none, false",
            "OTEL_SERVICE_NAME, novels, false", "PATH, /bin, false"})
    void onlyVariablesThatNameATargetStartTheExport(String name, String value, boolean wanted) {
        assertThat(Tracing.isWanted(Map.of(name, value))).isEqualTo(wanted);
    }

    @Test
    void theExportCanBeTurnedOff() {
        assertThat(Tracing.isWanted(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x", "OTEL_SDK_DISABLED", "true")))
                .isFalse();
        assertThat(Tracing.isWanted(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x", "OTEL_TRACES_EXPORTER", "none")))
                .isFalse();
    }

    @Test
    void variablesThatCannotBeUsedAreAnErrorThatNamesThem() {
        assertThatThrownBy(() -> Tracing.start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url"), NAMES,
                () -> Optional.of(notes))).isInstanceOf(CommandException.class)
                .hasMessageContaining("OTEL_").hasMessageContaining("http/protobuf");
    }
}
