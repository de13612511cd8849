package dev.flover.http;

import dev.flover.http.access.Grant;
import dev.flover.http.openai.AnswerKind;
import dev.flover.http.openai.AnswerParts;
import dev.flover.http.openai.ApiError;
import dev.flover.http.openai.CompletionCall;
import dev.flover.http.openai.EventForm;
import dev.flover.http.openai.EventId;
import dev.flover.http.openai.TokenTexts;
import dev.flover.http.openai.WholeForm;
import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.ReadChunk;
import dev.flover.http.topics.RefusedRequestException;
import dev.flover.http.topics.TopicBridge;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Answers `POST /v1/completions` and `/v1/chat/completions`: writes the requests to their topic, and returns the
/// answers whole or as a stream of events.
///
/// A client that disconnects cancels nothing unless it asked for that, so it can ask for the same answer again.
final class Completions {
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9._:~-]{1,128}");

    private final TopicBridge topics;
    private final Backlog backlog;
    private final BridgeConfig config;
    private final GenerationIds ids;
    private final @Nullable TokenTexts texts;

    /// @param texts the model's tokenizer; null if the bridge has none
    Completions(BridgeConfig config, TopicBridge topics, Backlog backlog, @Nullable TokenTexts texts) {
        this.config = config;
        this.topics = topics;
        this.backlog = backlog;
        this.texts = texts;
        ids = new GenerationIds(topics);
    }

    void answer(Exchange exchange, Grant grant, boolean chat) throws IOException, InterruptedException {
        Guard.requireJson(exchange);
        byte[] body = exchange.body(config.limits().bodyBytes());
        requireReady();
        Optional<String> key = key(exchange);
        var names = new ArrayList<String>();
        var call = CompletionCall.read(body, chat, passesUnknown(exchange), (isChat, count) -> {
            names.addAll(names(isChat ? AnswerKind.CHAT : AnswerKind.TEXT, count, key, grant));
            return names;
        });
        requireModel(call.model(), grant);
        boolean eager = isEager(exchange, call);
        var requests = call.requests().stream().map(request -> granted(request, grant))
                .map(request -> eager ? GenerationRequest.newBuilder(request).setEager(true).build() : request)
                .toList();
        backlog.requireRoom();
        exchange.setHeader("Flover-Generation", String.join(",", names));
        boolean cancels = exchange.header("Flover-Cancel-On-Disconnect").filter("true"::equalsIgnoreCase).isPresent();
        var parts = new AnswerParts(call.kind(), names.getFirst(),
                call.model() != null ? call.model() : topics.cluster().defaultModel().orElse(""),
                System.currentTimeMillis() / 1_000, texts);
        var sending = new Sending(requests, key.isPresent(), exchange.trace());
        try (var first = new FirstToken(backlog)) {
            if (eager) {
                eager(exchange, sending, first, parts, call);
            } else if (call.stream()) {
                stream(exchange, sending, first, parts, call);
            } else {
                whole(exchange, sending, first, parts);
            }
        } catch (IOException e) {
            if (cancels) {
                for (var request : requests) {
                    topics.cancel(request.getId());
                }
            }
            throw e;
        }
    }

    private static boolean isEager(Exchange exchange, CompletionCall call) {
        String said = exchange.header("Flover-Consistency").orElse("committed");
        return switch (said) {
            case "committed" -> false;
            case "eager" -> {
                var request = call.requests().getFirst();
                if (!call.stream() || call.requests().size() > 1 || call.kind() == AnswerKind.CALLS
                        || request.getLogprobs() != null || request.getPromptLogprobs() != null) {
                    throw ApiError.invalid(null, "Flover-Consistency: eager needs \"stream\": true, one prompt, and "
                            + "neither tools nor logprobs");
                }
                yield true;
            }
            default -> throw ApiError.invalid(null, "Flover-Consistency must be committed or eager, was " + said);
        };
    }

    private void requireReady() {
        if (topics.partitions() == 0) {
            throw ApiError.unavailable("the Kafka cluster does not answer yet; try again");
        }
    }

    static Optional<String> key(Exchange exchange) {
        var key = exchange.header("Idempotency-Key");
        key.filter(value -> !KEY.matcher(value).matches()).ifPresent(value -> {
            throw ApiError.invalid(null, "the Idempotency-Key must be 1 to 128 of letters, digits and . _ : ~ -");
        });
        return key;
    }

    private boolean passesUnknown(Exchange exchange) {
        var said = exchange.header("Flover-Unknown-Parameters");
        return said.map("ignore"::equalsIgnoreCase).orElse(config.passUnknown());
    }

    private List<String> names(AnswerKind kind, int count, Optional<String> key, Grant grant) {
        if (key.isEmpty()) {
            return IntStream.range(0, count).mapToObj(prompt -> ids.next(kind, grant)).toList();
        }
        return count == 1 ? List.of(key.get())
                : IntStream.range(0, count).mapToObj(prompt -> key.get() + "-" + prompt).toList();
    }

    private void requireModel(@Nullable String model, Grant grant) {
        if (!grant.allows(model)) {
            throw model == null
                    ? ApiError.invalid("model", "the token is for certain models; model must be one of "
                            + String.join(", ", new TreeSet<>(grant.models())) + ", was missing")
                    : ApiError.notFound("model_not_found", "the token is not for the model '" + model + "'");
        }
        var cluster = topics.cluster();
        if (cluster.assignment() != null && !cluster.hasPipeline()) {
            throw ApiError.unavailable("no pipeline has registered on these topics yet; `flover up` runs one");
        }
        if (model != null && cluster.assignment() != null && !cluster.assignment().serves(model)) {
            throw ApiError.notFound("model_not_found", "the model '" + model + "' is not served here; served are "
                    + String.join(", ", cluster.models()));
        }
    }

    /// Returns the request with the tenant of the client's token, after checking its priority.
    private static GenerationRequest granted(GenerationRequest request, Grant grant) {
        if (grant.tenant() == null) {
            return request;
        }
        if (request.getPriority() > grant.priority()) {
            throw ApiError.forbidden("priority", "the token allows a priority of at most " + grant.priority() + ", was "
                    + request.getPriority());
        }
        return GenerationRequest.newBuilder(request).setId(grant.scoped(request.getId())).setTenant(grant.tenant())
                .build();
    }

    private List<AnswerStream> open(Sending sending) throws InterruptedException {
        var streams = new ArrayList<AnswerStream>();
        try {
            for (var request : sending.requests()) {
                streams.add(sending.mayBeKnown() ? topics.attach(request, sending.trace())
                        : topics.begin(request, sending.trace()));
            }
            return streams;
        } catch (RefusedRequestException e) {
            streams.forEach(AnswerStream::close);
            throw ApiError.of(422, "idempotency_key_reused", "another request was sent under this Idempotency-Key: "
                    + e.getMessage());
        } catch (RuntimeException | InterruptedException e) {
            streams.forEach(AnswerStream::close);
            throw e;
        }
    }

    private void whole(Exchange exchange, Sending sending, FirstToken first, AnswerParts parts)
            throws IOException, InterruptedException {
        var form = new WholeForm(parts, sending.requests().getFirst().getAnswers());
        try (var answers = new Answers(open(sending))) {
            while (!answers.isEnded()) {
                var next = answers.next(config.limits().keepAlive());
                if (next.isPresent()) {
                    first.hasCome();
                    requireServed(next.get().read().chunk());
                    form.add(next.get().prompt(), next.get().read().chunk());
                }
            }
        }
        exchange.sendJson(200, form.whole());
    }

    private void stream(Exchange exchange, Sending sending, FirstToken first, AnswerParts parts, CompletionCall call)
            throws IOException, InterruptedException {
        var events = new EventStream(exchange);
        var form = new EventForm(parts, sending.requests().getFirst().getAnswers(), true);
        try (var answers = new Answers(open(sending))) {
            while (!answers.isEnded()) {
                var next = answers.next(config.limits().keepAlive());
                if (next.isPresent()) {
                    first.hasCome();
                    if (!events.isOpen()) {
                        requireServed(next.get().read().chunk());
                    }
                    send(events, form, parts.kind(), next.get());
                } else if (!answers.isEnded()) {
                    events.signOfLife();
                }
            }
        }
        end(events, form, call);
    }

    private static void end(EventStream events, EventForm form, CompletionCall call) throws IOException {
        if (call.includeUsage()) {
            events.event(null, form.usage());
        }
        events.done();
    }

    /// Streams tokens before they are committed.
    private void eager(Exchange exchange, Sending sending, FirstToken first, AnswerParts parts, CompletionCall call)
            throws IOException, InterruptedException {
        var events = new EventStream(exchange);
        var form = new EventForm(parts, sending.requests().getFirst().getAnswers(), true);
        var stream = new EagerStream(events, form, parts.kind());
        try (var chunks = openEagerly(sending)) {
            boolean ended = false;
            while (!ended) {
                switch (chunks.next(config.limits().keepAlive()).orElse(null)) {
                    case null -> events.signOfLife();
                    case EagerChunks.Come.Drawn(ReadChunk read) -> {
                        first.hasCome();
                        stream.drawn(read);
                    }
                    case EagerChunks.Come.Committed(ReadChunk read) -> {
                        first.hasCome();
                        if (!events.isOpen()) {
                            requireServed(read.chunk());
                        }
                        stream.committed(read);
                        ended = read.chunk().getTerminal();
                    }
                    case EagerChunks.Come.Failed(RuntimeException problem) -> throw problem;
                }
            }
        }
        end(events, form, call);
    }

    private EagerChunks openEagerly(Sending sending) throws InterruptedException {
        var drawn = topics.drawn(sending.requests().getFirst().getId());
        try {
            return new EagerChunks(open(sending).getFirst(), drawn);
        } catch (RuntimeException | InterruptedException e) {
            drawn.close();
            throw e;
        }
    }

    static void send(EventStream events, EventForm form, AnswerKind kind, Answers.Numbered next) throws IOException {
        var read = next.read();
        var event = form.event(next.prompt(), read.chunk());
        if (event.isPresent()) {
            events.event(new EventId(kind, read.end(), read.place().partition(), read.place().offset()).toString(),
                    event.get());
        }
    }

    /// @throws ApiError if the pipeline rejected the request
    private static void requireServed(TokenChunk chunk) {
        var finish = chunk.getFinish();
        if (finish != null && finish.getReason() == FinishReason.REJECTED) {
            throw CompletionCall.rejected(finish.getRejection(), finish.getMessage());
        }
    }

    /// The requests of a call.
    ///
    /// @param mayBeKnown whether the ids may have been used before, because the client chose them
    /// @param trace      headers of the requests' records
    private record Sending(List<GenerationRequest> requests, boolean mayBeKnown, Map<String, String> trace) {}

    /// Counts a request as waiting, until its first token arrives or its client disconnects.
    private static final class FirstToken implements AutoCloseable {
        private final Backlog backlog;
        private boolean come;

        FirstToken(Backlog backlog) {
            this.backlog = backlog;
            backlog.sent();
        }

        void hasCome() {
            if (!come) {
                come = true;
                backlog.begun();
            }
        }

        @Override
        public void close() {
            if (!come) {
                backlog.left();
            }
        }
    }
}
