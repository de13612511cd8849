package dev.flover.tests.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Main;
import dev.flover.embedded.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
    private static final int LIMIT_S = 120;
    private static final Pattern CURL = Pattern.compile(" *curl -N (\\S+) .* -d '(.*)'");

    @TempDir
    Path temporary;

    private Process demo;

    @AfterEach
    void endTheDemo() {
        demo.descendants().forEach(ProcessHandle::destroyForcibly);
        demo.destroyForcibly();
    }

    @Test
    void showsEveryGenerationSumsUpAndLeavesNothingBehind() throws Exception {
        start("demo", "--steps-per-second", "200");
        var lines = new ArrayList<String>();
        readUntil("curl", lines);
        var answer = asked(lines.getLast());
        Set<ProcessHandle> children = readUntil("in a step on average", lines);
        lines.addAll(demo.inputReader().lines().toList());

        assertThat(demo.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).as(String.join("\n", lines)).isZero();
        assertThat(lines.stream().filter(line -> line.contains("  done  "))).hasSize(48);
        assertThat(lines).anySatisfy(line -> assertThat(line).startsWith("generations   24, "))
                .anySatisfy(line -> assertThat(line).startsWith("exactly once  every token"))
                .anySatisfy(line -> assertThat(line).contains("24 of 24 answers equal"));
        assertThat(children).isNotEmpty();
        assertThat(answer.at("/usage/completion_tokens").asInt()).isBetween(1, 30);
        assertNothingIsLeft(children);
    }

    /// Sends the request of the demo's `curl` line, but asks for the whole answer instead of a stream.
    private static JsonNode asked(String curl) throws IOException, InterruptedException {
        var parts = CURL.matcher(curl);
        assertThat(parts.matches()).as(curl).isTrue();
        try (var client = HttpClient.newHttpClient()) {
            var response = client.send(HttpRequest.newBuilder(URI.create(parts.group(1)))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(parts.group(2).replace("\"stream\": true",
                            "\"stream\": false"))).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return new ObjectMapper().readTree(response.body());
        }
    }

    @Test
    @Tag("long")
    void aPipelineThatIsKilledInTheMiddleOfItsAnswersWritesTheSameTexts() throws Exception {
        start("demo", "--crash", "--steps-per-second", "100");
        var lines = demo.inputReader().lines().toList();

        assertThat(demo.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).as(String.join("\n", lines)).isZero();
        assertThat(lines).anySatisfy(line -> assertThat(line).startsWith("exactly once  every token"))
                .anySatisfy(line -> assertThat(line).contains("24 of 24 answers equal"))
                .anySatisfy(line -> assertThat(line).matches("killed +2 times, in the middle of [1-9]\\d* answers"))
                .anySatisfy(line -> assertThat(line).startsWith("without kills 24 of 24 texts equal, byte by byte"));
    }

    @Test
    void stopsWithinSecondsWhenToldToAndLeavesNothingBehind() throws Exception {
        start("demo");
        Set<ProcessHandle> children = readUntil("decoding", new ArrayList<>());

        demo.destroy();

        assertThat(demo.waitFor(15, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).isNotZero();
        assertThat(children).isNotEmpty();
        assertNothingIsLeft(children);
    }

    private void start(String... arguments) throws IOException {
        demo = new ProcessBuilder(JavaCommand.ofEngine(Main.class)
                .with("-Xmx1g", "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + temporary)
                .arguments(arguments).line()).redirectErrorStream(true).start();
    }

    /// Reads the demo's lines up to one that contains `text`, and returns the demo's child processes at the time when
    /// it sent its requests.
    private Set<ProcessHandle> readUntil(String text, List<String> lines) throws IOException {
        BufferedReader out = demo.inputReader();
        Set<ProcessHandle> children = Set.of();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            lines.add(line);
            if (line.contains("sent  ")) {
                children = demo.descendants().collect(Collectors.toSet());
            }
            if (line.contains(text)) {
                return children;
            }
        }
        throw new AssertionError("the demo ended without '" + text + "':\n" + String.join("\n", lines));
    }

    private void assertNothingIsLeft(Set<ProcessHandle> children) throws Exception {
        for (var child : children) {
            child.onExit().get(15, TimeUnit.SECONDS);
        }
        try (var left = Files.list(temporary)) {
            assertThat(left.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("flover-demo")))
                    .isEmpty();
        }
    }
}
