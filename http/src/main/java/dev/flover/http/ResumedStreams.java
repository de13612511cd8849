package dev.flover.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flover.http.access.Grant;
import dev.flover.http.openai.AnswerKind;
import dev.flover.http.openai.AnswerParts;
import dev.flover.http.openai.ApiError;
import dev.flover.http.openai.EventForm;
import dev.flover.http.openai.EventId;
import dev.flover.http.openai.TokenTexts;
import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.Place;
import dev.flover.http.topics.ReadChunk;
import dev.flover.http.topics.TopicBridge;
import dev.flover.schemas.TokenChunk;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Answers `/v1/generations/{id}`: resumes streams where the client stopped, and cancels requests.
final class ResumedStreams {
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final Pattern PLACE = Pattern.compile("(\\d{1,6}):(\\d{1,18})");

    private final BridgeConfig config;
    private final TopicBridge topics;
    private final @Nullable TokenTexts texts;

    ResumedStreams(BridgeConfig config, TopicBridge topics, @Nullable TokenTexts texts) {
        this.config = config;
        this.topics = topics;
        this.texts = texts;
    }

    void cancel(Exchange exchange, Grant grant, String id) throws IOException, InterruptedException {
        Guard.requireJson(exchange);
        exchange.body(config.limits().bodyBytes());
        GenerationIds.require(id, topics);
        String scoped = grant.scoped(id);
        if (!topics.isRequested(scoped)) {
            throw GenerationIds.unknown(id);
        }
        topics.cancel(scoped);
        var said = JsonNodeFactory.instance.objectNode();
        said.put("id", id).put("object", "generation.cancel").put("status", "requested");
        exchange.sendJson(202, said);
    }

    void stream(Exchange exchange, Grant grant, String id) throws IOException, InterruptedException {
        GenerationIds.require(id, topics);
        var lastEvent = exchange.header("Last-Event-ID").or(() -> exchange.query("last_event_id"));
        int from = from(exchange);
        if (lastEvent.isPresent()) {
            var event = EventId.parse(lastEvent.get()).orElseThrow(() -> ApiError.invalid(null,
                    "the Last-Event-ID must be the id of an event of this stream, was " + lastEvent.get()));
            goOn(exchange, grant, id, event);
        } else {
            begin(exchange, grant, id, from);
        }
    }

    private static int from(Exchange exchange) {
        var from = exchange.query("from");
        try {
            int position = from.map(Integer::parseInt).orElse(0);
            if (position >= 0) {
                return position;
            }
        } catch (NumberFormatException e) {
            // the exception below explains
        }
        throw ApiError.invalid("from", "from must be a position, a whole number of at least 0, was " + from.get());
    }

    /// Resumes a stream after an event that the client has received.
    private void goOn(Exchange exchange, Grant grant, String id, EventId event)
            throws IOException, InterruptedException {
        var place = new Place(event.partition(), event.offset());
        if (place.partition() >= topics.partitions()) {
            throw GenerationIds.unknown(id);
        }
        try (var stream = topics.from(grant.scoped(id), place)) {
            var known = stream.next(LOOK);
            while (known.isEmpty() && topics.tokensPosition(place.partition()) <= place.offset()) {
                known = stream.next(LOOK);      // another bridge has read the record, this one not yet
            }
            if (known.filter(read -> read.place().equals(place)).isEmpty()) {
                throw GenerationIds.unknown(id);
            }
            var parts = parts(exchange, id, event.kind(), known.get());
            send(exchange, stream, new EventForm(parts, 1, false), event.kind(), 0, Optional.empty());
        }
    }

    /// Resumes an answer at a position; the place of its chunks is searched if neither client nor id tells it.
    private void begin(Exchange exchange, Grant grant, String id, int from) throws IOException, InterruptedException {
        var kind = kind(exchange, id);
        var place = place(exchange).or(() -> GenerationIds.place(id));
        try (var stream = topics.fromBeginning(grant.scoped(id), place)
                .orElseThrow(() -> GenerationIds.unknown(id))) {
            var first = stream.next(Duration.ZERO);
            send(exchange, stream, new EventForm(parts(exchange, id, kind, first.orElse(null)), 1, from == 0), kind,
                    from, first);
        }
    }

    private static AnswerKind kind(Exchange exchange, String id) {
        return exchange.query("as").map(as -> switch (as) {
            case "chat" -> AnswerKind.CHAT;
            case "tools" -> AnswerKind.CALLS;
            case "completion" -> AnswerKind.TEXT;
            default -> throw ApiError.invalid("as", "as must be chat, tools or completion, was " + as);
        }).orElse(AnswerKind.ofId(id));
    }

    private static Optional<Place> place(Exchange exchange) {
        return exchange.query("at").map(at -> {
            var matcher = PLACE.matcher(at);
            if (!matcher.matches()) {
                throw ApiError.invalid("at", "at must be PARTITION:OFFSET of the tokens topic, was " + at);
            }
            return new Place(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2)));
        });
    }

    /// @param first the first chunk of the stream; null if none has arrived
    private AnswerParts parts(Exchange exchange, String id, AnswerKind kind, @Nullable ReadChunk first) {
        long created = (first == null ? System.currentTimeMillis() : first.timestamp()) / 1_000;
        return new AnswerParts(kind, id, exchange.query("model").or(() -> topics.cluster().defaultModel()).orElse(""),
                created, texts);
    }

    private void send(Exchange exchange, AnswerStream stream, EventForm form, AnswerKind kind, int from,
            Optional<ReadChunk> first) throws IOException, InterruptedException {
        exchange.setHeader("Flover-Generation", exchange.path().split("/")[3]);
        var events = new EventStream(exchange);
        var next = first;
        while (true) {
            if (next.isPresent()) {
                var shown = behind(next.get(), from);
                if (shown.isPresent()) {
                    Completions.send(events, form, kind, new Answers.Numbered(0, shown.get()));
                }
            }
            if (stream.isEnded()) {
                break;
            }
            next = stream.next(config.limits().keepAlive());
            if (next.isEmpty() && !stream.isEnded()) {
                events.signOfLife();
            }
        }
        if (exchange.query("include_usage").filter("true"::equals).isPresent()) {
            events.event(null, form.usage());
        }
        events.done();
    }

    /// Returns the chunk if it begins at or after a position; empty if it ends before.
    ///
    /// @throws ApiError if the position lies within the chunk, because its text cannot be cut
    private static Optional<ReadChunk> behind(ReadChunk read, int from) {
        var chunk = read.chunk();
        if (chunk.getPosition() >= from) {
            return Optional.of(read);
        }
        if (read.end() > from) {
            throw ApiError.of(416, "position_within_chunk", "position " + from + " lies within a piece of text that "
                    + "begins at position " + chunk.getPosition() + " and ends before " + read.end()
                    + "; use one of these positions");
        }
        return chunk.getFinish() == null ? Optional.empty() : Optional.of(new ReadChunk(read.place(), read.timestamp(),
                TokenChunk.newBuilder(chunk).setPosition(read.end()).setTokenIds(List.of()).setText("")
                        .setLogprobs(null).setPromptLogprobs(null).build()));
    }
}
