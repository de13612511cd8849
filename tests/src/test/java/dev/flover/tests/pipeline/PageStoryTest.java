package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flover.app.client.Answers;
import dev.flover.app.client.Requests;
import dev.flover.app.connection.Connection;
import dev.flover.schemas.GenerationRequest;
import dev.flover.tests.clients.ExternalProgram;
import dev.flover.tests.security.FloverProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// The page of a busy pipeline, in headless Chromium. With `-Dflover.renew=true` its pictures go to
/// `docs/operate/page`.
@Tag("long")
class PageStoryTest {
    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    private static final List<Path> BROWSERS = List.of(Path.of("/usr/bin/chromium"),
            Path.of("/usr/bin/chromium-browser"), Path.of("/usr/bin/google-chrome"));
    private static final String PREFIX = "shown-";
    private static final int BUSY = 40;

    @TempDir
    private static Path folder;

    private volatile boolean stopping;

    @Test
    void thePageShowsTheStepsOfABusyPipelineAndItsActionsWork() throws Exception {
        var browser = BROWSERS.stream().filter(Files::isExecutable).findFirst();
        assumeTrue(browser.isPresent(), "no browser is installed; Debian's package chromium has one");
        var script = ExternalProgram.node("page.mjs", "playwright-core").withLimit(240);
        var pictures = Boolean.getBoolean("flover.renew")
                ? Files.createDirectories(Path.of("..", "docs", "operate", "page")) : folder;
        var environment = Map.of("CHROMIUM", browser.get().toString());

        List<String> seen;
        try (var up = up()) {
            String page = up.awaitLine("page").replaceFirst("^page +", "");
            up.awaitLine("ready");
            writeGarbage();
            var feeding = Thread.ofVirtual().start(this::feed);
            try {
                seen = script.run("", environment, page, pictures.toString(), "busy");
            } finally {
                stopping = true;
                feeding.join();
            }
            seen.addAll(script.run("", environment, page, pictures.toString(), "actions"));
            sendTogether();
        }
        List<String> seenAfterwards;
        try (var up = up()) {
            String page = up.awaitLine("page").replaceFirst("^page +", "");
            up.awaitLine("ready");
            seenAfterwards = script.run("", environment, page, pictures.toString(), "restarted");
        }

        assertThat(seen).anyMatch(line -> line.matches("tip: step [\\d,]+: [\\d,]+ rows in .+"))
                .contains("policy: nothing that the page does is forbidden", "slots: moves are shown",
                        "drawer: has the text", "cancel: ended as cancelled", "partitions: 2",
                        "lists: ended generations are listed")
                .anyMatch(line -> line.matches("Replayed: identical, \\d+ tokens\\."))
                .anyMatch(line -> line.startsWith("preempted: ")).anyMatch(line -> line.startsWith("dead letter: "));
        assertThat(seenAfterwards).containsExactly("restart: generations continue from their stored tokens");
    }

    private static FloverProcess up() throws Exception {
        return FloverProcess.start(folder, Map.of(), "up", "--metrics-port", "0", "--page", "0", "--create-topics",
                "--partitions", "2", "--kv-blocks", "130", "--max-sequences", "32", "--data",
                folder.resolve("data").toString(), "--bootstrap-servers", SERVERS.bootstrapServers(),
                "--schema-registry-url", SERVERS.registryUrl(), "--topic-prefix", PREFIX, "--application-id", "shown");
    }

    private static void writeGarbage() {
        try (var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", SERVERS.bootstrapServers()),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(PREFIX + "generation-requests",
                    "broken".getBytes(StandardCharsets.UTF_8),
                    "neither Avro nor JSON".getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static Connection connection() {
        return Connection.of(SERVERS.bootstrapServers(), SERVERS.registryUrl());
    }

    /// Sends requests so that about 40 are unanswered at a time.
    private void feed() {
        var random = new SplittableRandom(5);
        var unanswered = new AtomicInteger();
        int sent = 0;
        try (var requests = new Requests(connection(), PREFIX + "generation-requests");
                var answers = new Answers(connection(), PREFIX + "generation-tokens", false)) {
            while (!stopping) {
                for (; unanswered.get() < BUSY; unanswered.incrementAndGet()) {
                    sent++;
                    requests.sendLater(
                            request("novel-" + sent, 30 + random.nextInt(190), sent % 3 == 0 ? "acme" : ""));
                }
                answers.poll(Duration.ofMillis(50), chunk -> {
                    if (chunk.getTerminal() && chunk.getRequestId().startsWith("novel-")) {
                        unanswered.decrementAndGet();
                    }
                });
            }
        }
    }

    /// Sends requests, and returns when a few tokens of each are committed.
    private static void sendTogether() {
        var begun = new ArrayList<String>();
        try (var requests = new Requests(connection(), PREFIX + "generation-requests");
                var answers = new Answers(connection(), PREFIX + "generation-tokens", false)) {
            Stream.iterate(1, i -> i + 1).limit(8).forEach(i -> requests.sendLater(request("crash-" + i, 240, "")));
            while (begun.size() < 8) {
                answers.poll(Duration.ofMillis(50), chunk -> {
                    if (chunk.getRequestId().startsWith("crash-") && !begun.contains(chunk.getRequestId())) {
                        begun.add(chunk.getRequestId());
                    }
                });
            }
        }
    }

    private static GenerationRequest request(String id, int tokens, String tenant) {
        return GenerationRequest.newBuilder().setId(id).setTenant(tenant).setPrompt("The old house upon the hill")
                .setMaxTokens(tokens).setIgnoreEos(true).setSeed((long) id.hashCode()).build();
    }
}
