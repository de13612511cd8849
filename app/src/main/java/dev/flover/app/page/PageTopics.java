package dev.flover.app.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.app.http.HttpSettings;
import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.LostChunksException;
import dev.flover.http.topics.ReadChunk;
import dev.flover.http.topics.RefusedRequestException;
import dev.flover.http.topics.SlowReaderException;
import dev.flover.http.topics.TopicBridge;
import dev.flover.http.topics.UnavailableException;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.SeedOfId;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The page's reads and writes of the topics, as a client with no more rights than other clients.
/// The Kafka clients start when they are first needed.
final class PageTopics implements AutoCloseable {
    private static final String EVENTS = "text/event-stream; charset=utf-8";
    private static final Duration WAIT = Duration.ofMillis(500);
    private static final Duration LOOK = Duration.ofMillis(10);
    private static final long READY_NANOS = Duration.ofSeconds(20).toNanos();
    private static final int SHOWN_CHARS = 20_000;

    private final PageConfig.Topics topics;
    private final TopicRecords records;
    private final ObjectMapper json = new ObjectMapper();
    private @Nullable TopicBridge bridge;
    private volatile boolean closed;

    PageTopics(PageConfig.Topics topics) {
        this.topics = topics;
        records = new TopicRecords(topics);
    }

    /// Answers with a request as it was written, with cut texts.
    void generation(PageExchange exchange) throws IOException {
        var written = records.request(number(exchange, "partition"), offset(exchange));
        var request = (ObjectNode) json.readTree(JsonRecords.write(written.request()));
        cut(request);
        var answer = new LinkedHashMap<String, Object>();
        answer.put("request", request);
        answer.put("timestamp", written.timestamp());
        answer.put("seed", Long.toString(seed(written.request())));
        answer.put("command", "flover tail --from-beginning --id " + quoted(written.request().getId()));
        exchange.sendJson(answer);
    }

    private static long seed(GenerationRequest request) {
        return request.getSeed() == null ? SeedOfId.of(request.getId()) : request.getSeed();
    }

    private static String quoted(String word) {
        return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    private static void cut(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.properties().forEach(member -> {
                if (member.getValue().isTextual() && member.getValue().textValue().length() > SHOWN_CHARS) {
                    object.put(member.getKey(), member.getValue().textValue().substring(0, SHOWN_CHARS) + " ...");
                }
            });
        }
        node.forEach(PageTopics::cut);
    }

    /// Answers with the chunks of an answer, from its beginning and as they come, until it ends.
    void follow(PageExchange exchange) throws IOException, InterruptedException {
        try (var chunks = open(exchange.parameter("id")); var out = exchange.begin(EVENTS)) {
            while (!chunks.isEnded() && !closed) {
                var read = chunks.next(WAIT);
                if (read.isPresent()) {
                    send(out, "chunk", form(read.get()));
                } else {
                    send(out, "alive", Map.of());
                }
            }
        } catch (LostChunksException | SlowReaderException e) {
            throw new PageException(410, e.getMessage(), e);
        }
    }

    private AnswerStream open(String id) throws InterruptedException {
        try {
            return bridge().fromBeginning(id, Optional.empty()).orElseThrow(() -> new PageException(404,
                    "the topics have neither a request nor an answer of the id " + id));
        } catch (UnavailableException e) {
            throw new PageException(502, e.getMessage(), e);
        }
    }

    private static Map<String, Object> form(ReadChunk read) {
        var chunk = read.chunk();
        var form = new LinkedHashMap<String, Object>();
        form.put("answer", chunk.getAnswer());
        form.put("position", chunk.getPosition());
        form.put("tokens", chunk.getTokenIds().size());
        form.put("text", chunk.getText());
        form.put("at", read.timestamp());
        form.put("terminal", chunk.getTerminal());
        form.put("cached", chunk.getCached());
        if (chunk.getFinish() != null) {
            form.put("reason", name(chunk.getFinish().getReason()));
            form.put("message", chunk.getFinish().getMessage());
            form.put("prompt_tokens", chunk.getFinish().getPromptTokens());
            form.put("completion_tokens", chunk.getFinish().getCompletionTokens());
            form.put("arithmetic", chunk.getFinish().getArithmetic());
        }
        return form;
    }

    private static String name(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    void deadLetters(PageExchange exchange) throws IOException {
        exchange.sendJson(records.deadLetters());
    }

    void owners(PageExchange exchange) throws IOException {
        exchange.sendJson(records.owners());
    }

    /// Writes a request with the prompt of the form.
    void submit(PageExchange exchange) throws IOException, InterruptedException {
        var form = exchange.body();
        String prompt = form.path("prompt").asText();
        if (prompt.isEmpty()) {
            throw PageException.badRequest("the prompt is empty; write the text to continue");
        }
        var request = GenerationRequest.newBuilder().setId("page-" + UUID.randomUUID()).setPrompt(prompt)
                .setSampling(Sampling.newBuilder().setTemperature(
                        form.hasNonNull("temperature") ? (float) form.get("temperature").asDouble() : null).build())
                .setMaxTokens(form.hasNonNull("max_tokens") ? (Integer) form.get("max_tokens").asInt() : null)
                .setSeed(form.hasNonNull("seed") ? (Long) form.get("seed").asLong() : null).build();
        try (var _ = begin(request)) {
            exchange.sendJson(Map.of("id", request.getId()));
        }
    }

    private AnswerStream begin(GenerationRequest request) throws InterruptedException {
        try {
            return bridge().begin(request, Map.of());
        } catch (UnavailableException e) {
            throw new PageException(502, e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new PageException(413, e.getMessage(), e);
        }
    }

    void cancel(PageExchange exchange) throws IOException, InterruptedException {
        String id = exchange.body().path("id").asText();
        if (id.isEmpty()) {
            throw PageException.badRequest("the body must have the member id");
        }
        try {
            bridge().cancel(id);
        } catch (UnavailableException e) {
            throw new PageException(502, e.getMessage(), e);
        }
        exchange.sendJson(Map.of("cancelled", id));
    }

    /// Computes an ended request again, under an id of its own, and answers with the progress of the comparison.
    void replay(PageExchange exchange) throws IOException, InterruptedException {
        var body = exchange.body();
        var written = records.request(body.path("partition").asInt(), body.path("offset").asLong());
        var comparison = new Comparison();
        boolean whole = readFirst(written.request().getId(), comparison);
        var replay = again(written.request());
        try (var chunks = begin(replay); var out = exchange.begin(EVENTS)) {
            try {
                while (!chunks.isEnded() && !comparison.isDifferent() && !closed) {
                    chunks.next(WAIT).ifPresent(read -> comparison.again(read.chunk()));
                    send(out, "progress", Map.of("tokens", comparison.compared()));
                }
                send(out, "verdict", Map.of("words", comparison.words(whole)));
            } finally {
                if (!chunks.isEnded() && !closed) {     // different, or the browser has gone
                    bridge().cancel(replay.getId());
                }
            }
        } catch (RefusedRequestException | LostChunksException | SlowReaderException e) {
            throw new PageException(410, e.getMessage(), e);
        }
    }

    /// Reads the first answers.
    ///
    /// @return whether they ended by themselves
    private boolean readFirst(String id, Comparison comparison) throws InterruptedException {
        boolean whole = true;
        try (var chunks = open(id)) {
            for (var read = chunks.next(Duration.ZERO); read.isPresent(); read = chunks.next(Duration.ZERO)) {
                var chunk = read.get().chunk();
                comparison.first(chunk);
                if (chunk.getFinish() != null) {
                    whole &= chunk.getFinish().getReason() == FinishReason.STOP
                            || chunk.getFinish().getReason() == FinishReason.LENGTH;
                }
            }
            if (!chunks.isEnded()) {
                throw new PageException(409, "the generation has not ended yet; replay it afterwards");
            }
            return whole;
        } catch (LostChunksException e) {
            throw new PageException(410, e.getMessage(), e);
        }
    }

    /// Makes the request of a replay. Its answer is computed from the first position of the prompt on, never taken from
    /// a cache, because the logprobs of all positions are asked for.
    private static GenerationRequest again(GenerationRequest first) {
        return GenerationRequest.newBuilder(first).setId("replay-" + UUID.randomUUID()).setSeed(seed(first))
                .setPriority(-RequestCheck.MAX_PRIORITY).setPromptLogprobs(0).setDeadlineMs(null).setRecordTopic(null)
                .setEager(false).build();
    }

    private void send(OutputStream out, String name, Map<String, Object> data) throws IOException {
        out.write(("event: " + name + "\ndata: " + json.writeValueAsString(data) + "\n\n")
                .getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /// Returns the clients of the topics, when they are ready, or after some time in any case: then they say why not.
    private TopicBridge bridge() throws InterruptedException {
        var started = started();
        long end = System.nanoTime() + READY_NANOS;
        while (!started.isReady() && !closed && System.nanoTime() < end) {
            Thread.sleep(LOOK);
        }
        return started;
    }

    private synchronized TopicBridge started() {
        if (closed) {
            throw new PageException(503, "the pipeline stops");
        }
        if (bridge == null) {
            bridge = TopicBridge.start(HttpSettings.access(topics.connection(), topics.names()));
        }
        return bridge;
    }

    private static int number(PageExchange exchange, String name) {
        return (int) whole(exchange, name);
    }

    private static long offset(PageExchange exchange) {
        return whole(exchange, "offset");
    }

    private static long whole(PageExchange exchange, String name) {
        try {
            return Long.parseLong(exchange.parameter(name));
        } catch (NumberFormatException e) {
            throw PageException.badRequest("the parameter " + name + " must be a whole number");
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (bridge != null) {
            bridge.close();
        }
    }
}
