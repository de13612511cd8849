package dev.flover.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class PeerBenchmarkTest {
    private final AtomicInteger asked = new AtomicInteger();

    @Test
    void aSmallRunReportsBothServersAndTheirRatio() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var out = new StringWriter();
        try (var threads = Executors.newCachedThreadPool()) {
            server.createContext("/completion", this::complete);
            server.setExecutor(threads);
            server.start();
            int code = new CommandLine(new PeerBenchmark()).setOut(new PrintWriter(out, true)).execute(
                    "--model", "../models/novelist-f16.gguf", "--requests", "4", "--least", "2", "--most", "5",
                    "--gaps-ms", "3", "--rounds", "1", "--slots", "4",
                    "--llama", "http://127.0.0.1:" + server.getAddress().getPort());
            assertThat(code).isZero();
        } finally {
            server.stop(0);
        }
        assertThat(asked).hasValue(4);
        assertThat(out.toString()).contains("a request every 3.0 ms", "Flover, through topics", "llama.cpp's server",
                "ratio", "1 answers of llama.cpp's server ended with an error");
    }

    @Test
    void floverCanBeAskedThroughItsBridge() {
        var out = new StringWriter();

        int code = new CommandLine(new PeerBenchmark()).setOut(new PrintWriter(out, true)).execute("--http",
                "--model", "../models/novelist-f16.gguf", "--requests", "4", "--least", "2", "--most", "5",
                "--gaps-ms", "0", "--rounds", "1", "--slots", "4");

        assertThat(code).isZero();
        assertThat(out.toString()).containsPattern("Flover, through HTTP +\\d+\\.\\d\\d tokens/s");
    }

    /// Streams an answer like llama.cpp's server: an event for each token, the last with the number of tokens.
    private void complete(HttpExchange exchange) throws IOException {
        var body = new ObjectMapper().readTree(exchange.getRequestBody());
        assertThat(body.get("prompt").size()).isBetween(2, 5);
        assertThat(body.get("stream").asBoolean()).isTrue();
        int tokens = body.get("n_predict").asInt();
        int number = asked.incrementAndGet();
        exchange.sendResponseHeaders(200, 0);
        try (var stream = exchange.getResponseBody()) {
            for (int i = 1; i <= tokens; i++) {
                stream.write("data: {\"content\":\"a\",\"stop\":false}\n\n".getBytes(StandardCharsets.UTF_8));
            }
            String end = number == 1
                    ? "{\"error\":{\"code\":500,\"message\":\"output that does not match the expected format\"}}"
                    : "{\"content\":\"\",\"stop\":true,\"tokens_predicted\":" + tokens + "}";
            stream.write(("data: " + end + "\n\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
