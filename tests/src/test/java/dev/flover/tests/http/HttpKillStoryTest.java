package dev.flover.tests.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.embedded.EmbeddedBroker;
import dev.flover.tests.http.Web.Event;
import dev.flover.tests.security.FloverProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients read streams while the pipeline, the bridges and the broker are killed: each client gets the same bytes as
/// without kills, without a gap or a repeat.
class HttpKillStoryTest {
    private static final int CLIENTS = 50;
    private static final int KILLS = 9;
    private static final String PATH = "/v1/completions";
    private static final Duration LIMIT = Duration.ofMinutes(4);

    @TempDir
    private Path folder;

    private final Map<Integer, FloverProcess> bridges = new ConcurrentHashMap<>();
    private final Map<Integer, String> expected = new ConcurrentHashMap<>();
    private final Semaphore events = new Semaphore(0);
    /// A kill holds the write lock until the killed process is back; clients take the read lock to wait for that.
    private final ReadWriteLock world = new ReentrantReadWriteLock();
    private final AtomicInteger resumed = new AtomicInteger();
    private volatile boolean killing = true;
    private FloverProcess pipeline;
    private EmbeddedBroker broker;
    private List<Integer> ports;

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    @Tag("long")
    void everyClientGetsItsBytesWhileEverythingIsKilled() throws Exception {
        broker = EmbeddedBroker.start(folder.resolve("kafka"));
        ports = List.of(freePort(), freePort());
        startPipeline();
        for (int port : ports) {
            startBridge(port);
        }
        for (int prompt = 0; prompt < 8; prompt++) {        // the answers without any kill
            expected.put(prompt, new Web(url(ports.getFirst())).post(PATH, body(prompt) + "}").text());
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var clients = new ArrayList<Future<Integer>>();
            for (int i = 0; i < CLIENTS; i++) {
                int client = i;
                clients.add(threads.submit(() -> ask(client)));
            }
            kill();
            killing = false;
            int answers = 0;
            for (var client : clients) {
                answers += client.get();
            }
            System.out.println(KILLS + " kills, " + CLIENTS + " clients, " + answers + " answers, " + resumed.get()
                    + " streams went on");
            assertThat(resumed.get()).as("kills fell into streams").isPositive();
        } finally {
            killing = false;
            pipeline.close();
            bridges.values().forEach(FloverProcess::close);
            broker.close();
        }
    }

    private void startPipeline() throws Exception {
        pipeline = FloverProcess.start(folder, Map.of(), "up", "--wait-for-servers", "--create-topics", "--partitions",
                "2", "--output", "json", "--metrics-port", "0", "--bootstrap-servers", broker.bootstrapServers(),
                "--schema-registry-url", "http://127.0.0.1:9", "--model", ChattyModel.write(folder).toString(),
                "--data", folder.resolve("data").toString());
        pipeline.awaitLine("ready");
    }

    private void startBridge(int port) throws Exception {
        bridges.put(port, FloverProcess.start(folder, Map.of(), "serve", "--http", Integer.toString(port),
                "--bootstrap-servers", broker.bootstrapServers(), "--schema-registry-url", "http://127.0.0.1:9"));
        bridges.get(port).awaitLine("ready");
    }

    private static String url(int port) {
        return "http://127.0.0.1:" + port;
    }

    private static String body(int prompt) {
        return "{\"prompt\": \"Chapter " + prompt + ". It was\", \"max_tokens\": 220, \"temperature\": 0.8, \"seed\": "
                + prompt + ", \"ignore_eos\": true";
    }

    /// Kills each kind of process in turn, each time after some client has read an event.
    private void kill() throws Exception {
        var random = new Random(7);
        for (int kill = 0; kill < KILLS; kill++) {
            events.drainPermits();
            assertThat(events.tryAcquire(LIMIT.toSeconds(), TimeUnit.SECONDS)).as("an event, kill " + kill).isTrue();
            world.writeLock().lock();
            try {
                killOne(kill, ports.get(random.nextInt(ports.size())));
            } finally {
                world.writeLock().unlock();
            }
        }
    }

    private void killOne(int kill, int port) throws Exception {
        switch (kill % 3) {
            case 0 -> {
                pipeline.close();
                startPipeline();
            }
            case 1 -> {
                bridges.get(port).close();
                startBridge(port);
            }
            default -> {
                broker.kill();
                broker = EmbeddedBroker.start(folder.resolve("kafka"));
            }
        }
    }

    /// Asks one request after the other until the kills are over.
    ///
    /// @return the number of answers read
    private int ask(int client) throws Exception {
        int answers = 0;
        do {
            int prompt = (client + answers) % expected.size();
            assertThat(answer(client, prompt, "client-" + client + "-" + answers)).as("client " + client)
                    .isEqualTo(expected.get(prompt));
            answers++;
        } while (killing);
        return answers;
    }

    /// Reads one answer. Every second client gets tokens before they are committed. After a break it does not know
    /// which of them were, so it asks for the whole answer again.
    private String answer(int client, int prompt, String key) throws Exception {
        boolean eager = client % 2 == 0;
        var text = new StringBuilder();
        String last = null;
        long deadline = System.nanoTime() + LIMIT.toNanos();
        for (int attempt = 0; System.nanoTime() < deadline; attempt++) {
            var web = new Web(url(ports.get((client + attempt) % ports.size())));
            var request = last == null ? web.request(PATH, "Idempotency-Key", key, "Content-Type", "application/json",
                                    "Flover-Consistency", eager ? "eager" : "committed")
                            .POST(HttpRequest.BodyPublishers.ofString(body(prompt) + ", \"stream\": true}")).build()
                    : web.request("/v1/generations/" + key + "/stream", "Last-Event-ID", last).GET().build();
            var got = new ArrayList<Event>();
            try {
                web.events(request, event -> {
                    got.add(event);
                    events.release();
                    return false;
                });
            } catch (IOException | AssertionError e) {
                if (last != null || !got.isEmpty()) {
                    resumed.incrementAndGet();
                }
                world.readLock().lock();        // waits until the killed process is back
                world.readLock().unlock();
            }
            for (var event : got) {
                if (event.isRetraction()) {
                    text.setLength(text.offsetByCodePoints(0, event.data().at("/characters").asInt()));
                }
                text.append(event.text());
                last = event.id() == null ? last : event.id();
            }
            if (!got.isEmpty() && got.getLast().data() == null) {
                return text.toString();
            }
            if (eager) {
                text.setLength(0);
                last = null;
            }
        }
        throw new AssertionError("no end of " + key + " within " + LIMIT + ", after " + text);
    }
}
