package dev.flover.app.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.connection.Connection;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.StepTrace.Kind;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.generation.GenerationList.Row;
import dev.flover.topology.generation.GenerationList.State;
import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.notes.GenerationNotes.Note;
import dev.flover.topology.notes.GenerationNotes.Origin;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rules for who may see and do what, as plain HTTP without a browser and without a pipeline.
class PageServerTest {
    private static final String TOKEN = "secret";
    private static final String ID = "an-id-that-is-confidential";

    private final StepTrace trace = new StepTrace(1024);
    private final GenerationNotes notes = new GenerationNotes();
    private PageServer page;

    private final PageSource source = new PageSource() {
        @Override
        public List<StepTrace> traces() {
            return List.of(trace);
        }

        @Override
        public Optional<GenerationNotes> notes() {
            return Optional.of(notes);
        }

        @Override
        public Map<String, Object> figures() {
            return Map.of("state", "ready", "live", 1, "tokens", 12, "preemptions", 0);
        }

        @Override
        public Map<String, Double> threadSeconds() {
            return Map.of("commit", 0.5);
        }

        @Override
        public List<Row> generations() {
            return List.of(new Row(ID, "tenant", State.LIVE, 0, 3, 4, 5, 6));
        }

        @Override
        public Map<Integer, Long> lags() {
            return Map.of(0, 7L);
        }

        @Override
        public Map<Integer, Long> restoring() {
            return Map.of(1, 8L);
        }
    };

    private void start(boolean onLoopback, String... hosts) {
        notes.add(new Note.Begun(0, 1, 0, 0, new Origin(ID, "tenant", 0, 3, 4, 5, 6)));
        trace.put(Kind.STEP, 0, 0, 1, 0);
        trace.put(Kind.DECODE, 0, 0, 1, 0);
        trace.put(Kind.STEP_END, 0, 0, 1, 1000);
        trace.publish();
        var topics = new PageConfig.Topics(Connection.of("localhost:1", "mock://unused"), TopicNames.standard(), "app");
        page = PageServer.start(new PageConfig("127.0.0.1", 0, false,
                new PageAccess(onLoopback, Set.of(hosts), () -> TOKEN), Optional.of(TOKEN), topics), source);
    }

    @AfterEach
    void close() {
        page.close();
    }

    /// Sends a request with exactly these headers, and returns what has been answered when `until` has come.
    private String answer(String line, String headers, String until) throws IOException {
        var address = URI.create(page.url());
        try (var socket = new Socket(address.getHost(), address.getPort())) {
            socket.setSoTimeout(60_000);
            OutputStream out = socket.getOutputStream();
            out.write((line + " HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            out.flush();
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            var text = new StringBuilder();
            for (String read = in.readLine(); read != null; read = in.readLine()) {
                text.append(read).append('\n');
                if (until != null && read.contains(until)) {
                    break;
                }
            }
            return text.toString();
        }
    }

    private String answer(String line, String headers) throws IOException {
        return answer(line, headers, null);
    }

    private static String host(String name) {
        return "Host: " + name + "\r\n";
    }

    private static String bearer(String token) {
        return "Authorization: Bearer " + token + "\r\n";
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1:9465", "[::1]:9465", "LOCALHOST:1", "listed.example:9465"})
    void namesOfLoopbackAndListedNamesAreAccepted(String name) throws IOException {
        start(true, "listed.example");
        assertThat(answer("GET /", host(name))).startsWith("HTTP/1.1 200").contains("<title>Flover</title>")
                .contains("Content-security-policy: default-src 'self'; frame-ancestors 'none'")
                .contains("X-content-type-options: nosniff");
    }

    @ParameterizedTest
    @ValueSource(strings = {"attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example", "",
            "10.0.0.1:9465"})
    void otherHostsAreRefusedAlsoIfTheirNameResolvesToLoopback(String name) throws IOException {
        start(true);
        assertThat(answer("GET /api/stream", host(name))).startsWith("HTTP/1.1 403").doesNotContain(ID);
    }

    @ParameterizedTest
    @CsvSource({"http://attacker.example, 403", "null, 403", "http://localhost:1, 403", "http://localhost, 200"})
    void pagesOfOtherOriginsAreRefusedAlsoWithTheToken(String origin, int status) throws IOException {
        start(true);
        assertThat(answer("GET /", host("localhost") + bearer(TOKEN) + "Origin: " + origin + "\r\n"))
                .startsWith("HTTP/1.1 " + status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /api/generation?partition=0&offset=0", "GET /api/follow?id=x", "GET /api/dead-letters",
            "GET /api/owners", "POST /api/submit", "POST /api/cancel", "POST /api/replay"})
    void textsAndActionsNeedTheTokenAlsoOnLoopback(String line) throws IOException {
        start(true);
        String json = "Content-Type: application/json\r\nContent-Length: 0\r\n";
        assertThat(answer(line, host("localhost") + json)).startsWith("HTTP/1.1 401").contains("needs the token");
        assertThat(answer(line, host("localhost") + json + bearer("wrong"))).startsWith("HTTP/1.1 401");
    }

    @Test
    void actionsHaveToBePostsOfJson() throws IOException {
        start(true);
        assertThat(answer("GET /api/cancel", host("localhost") + bearer(TOKEN))).startsWith("HTTP/1.1 405");
        assertThat(answer("POST /api/cancel", host("localhost") + bearer(TOKEN)
                + "Content-Type: text/plain\r\nContent-Length: 0\r\n")).startsWith("HTTP/1.1 415");
        assertThat(answer("POST /api/cancel", host("localhost") + bearer(TOKEN)
                + "Content-Type: application/json\r\nContent-Length: 0\r\n"))
                .startsWith("HTTP/1.1 400").contains("must be a JSON object");
    }

    @Test
    void onLoopbackTheStreamHasStepsFiguresAndIds() throws IOException {
        start(true);
        assertThat(answer("GET /api/stream", host("localhost"), "event: state")).startsWith("HTTP/1.1 200")
                .contains("\"n\":1,").contains(ID).contains("\"token\":false");
        assertThat(answer("GET /api/stream", host("localhost") + bearer(TOKEN), "\"verdict\""))
                .contains("\"token\":true").contains("\"generations\":[{\"id\":\"" + ID + "\"")
                .contains("{\"partition\":0,\"lag\":7,\"restoring\":0},{\"partition\":1,\"lag\":0,\"restoring\":8}");
    }

    @Test
    void elsewhereTheStreamHasNoIdsWithoutTheToken() throws IOException {
        start(false);
        assertThat(answer("GET /api/stream", host("pipeline.example"), "\"verdict\"")).startsWith("HTTP/1.1 200")
                .contains("\"n\":1,").contains("record 0/3").contains("\"generations\":[]").doesNotContain(ID)
                .doesNotContain("\"tenant\":\"tenant\"");
        assertThat(answer("GET /api/stream", host("pipeline.example") + bearer(TOKEN), "\"verdict\"")).contains(ID);
    }

    @Test
    void onlyFilesOfThePageAreServed() throws IOException {
        start(true);
        assertThat(answer("GET /lib/uplot.js", host("localhost"))).contains("200 OK").contains("text/javascript");
        assertThat(answer("GET /fusion.js", host("localhost"))).contains("200 OK");
        for (String path : List.of("/../page/PageServer.class", "/PageServer.class", "/page/", "/%2e%2e/x.js",
                "/missing.js")) {
            assertThat(answer("GET " + path, host("localhost"))).as(path).contains("404 Not Found");
        }
    }

    @Test
    void theAddressHasTheTokenWhereItCannotBeLogged() {
        start(true);
        assertThat(page.url()).endsWith("/#token=" + TOKEN);
    }
}
