package dev.flover.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flover.http.access.Grant;
import dev.flover.http.durable.Content;
import dev.flover.http.durable.Cursor;
import dev.flover.http.durable.StreamReader;
import dev.flover.http.durable.StreamToken;
import dev.flover.http.openai.ApiError;
import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.TopicBridge;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/// Answers `GET` and `HEAD` of `/v1/generations/{id}` and `/v1/generations/{id}/text` by the reading side of the
/// Durable Streams protocol: catch-up, long-poll and server-sent events.
final class DurableStreams {
    private static final Duration LONGEST_EVENTS = Duration.ofSeconds(60);
    private static final String NEXT_OFFSET = "Stream-Next-Offset";
    private static final String UP_TO_DATE = "Stream-Up-To-Date";
    private static final String CLOSED = "Stream-Closed";
    private static final String CURSOR = "Stream-Cursor";
    private static final String CACHE = "Cache-Control";
    private static final String TRUE = "true";

    private final BridgeConfig config;
    private final TopicBridge topics;

    DurableStreams(BridgeConfig config, TopicBridge topics) {
        this.config = config;
        this.topics = topics;
    }

    void chunks(Exchange exchange, Grant grant, String id) throws IOException, InterruptedException {
        read(exchange, grant, id, new Content.Chunks(id));
    }

    void text(Exchange exchange, Grant grant, String id) throws IOException, InterruptedException {
        int answer = exchange.query("answer").map(said -> {
            if (!said.matches("\\d{1,4}")) {
                throw ApiError.invalid("answer", "answer must be the number of an answer, from 0, was " + said);
            }
            return Integer.parseInt(said);
        }).orElse(0);
        read(exchange, grant, id, new Content.Text(answer));
    }

    private void read(Exchange exchange, Grant grant, String id, Content content)
            throws IOException, InterruptedException {
        exchange.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        var query = DurableQuery.of(exchange);
        GenerationIds.require(id, topics);
        try (var reader = new StreamReader(open(grant.scoped(id), id, query.from()), content, query.from())) {
            if (exchange.method().equals("HEAD")) {
                exchange.setHeader(CACHE, "no-store");
                exchange.setHeader("Content-Type", content.type());
                state(exchange, reader.skip());
                exchange.sendNothing(200);
                return;
            }
            var part = query.atEnd() ? reader.skip() : reader.catchUp();
            switch (query.live()) {
                case NO -> send(exchange, query, id, content, part);
                case LONG_POLL -> send(exchange, query, id, content, part, reader);
                case EVENTS -> stream(exchange, query, content, part, reader);
            }
        }
    }

    /// Returns the chunks after a token.
    private AnswerStream open(String scoped, String id, StreamToken from) throws InterruptedException {
        if (from.isBeginning()) {
            return topics.fromBeginning(scoped, GenerationIds.place(id)).orElseThrow(() -> GenerationIds.unknown(id));
        }
        if (from.partition() >= topics.partitions()) {
            throw notOfThisStream(from);
        }
        var stream = topics.after(scoped, from.last());
        if (stream.isEmpty() && topics.isGone(from.last())) {
            throw ApiError.of(410, "tokens_gone", "the topic no longer has the records after the offset " + from);
        }
        return stream.orElseThrow(() -> notOfThisStream(from));
    }

    private static ApiError notOfThisStream(StreamToken from) {
        return ApiError.invalid("offset", "the offset must be a Stream-Next-Offset of this stream, was " + from);
    }

    private static void state(Exchange exchange, StreamReader.Part part) {
        exchange.setHeader(NEXT_OFFSET, part.next().toString());
        if (part.upToDate()) {
            exchange.setHeader(UP_TO_DATE, TRUE);
        }
        if (part.closed()) {
            exchange.setHeader(CLOSED, TRUE);
        }
    }

    private static void send(Exchange exchange, DurableQuery query, String id, Content content, StreamReader.Part part)
            throws IOException {
        state(exchange, part);
        boolean changes = part.upToDate() && !part.closed();
        exchange.setHeader(CACHE, query.atEnd() ? "no-store"
                : changes ? "private, no-cache" : "private, max-age=60, stale-while-revalidate=300");
        if (!query.atEnd()) {
            String tag = '"' + id + ":" + content.type() + ":" + part.from() + ":" + part.next()
                    + (part.closed() ? ":c" : "") + '"';
            exchange.setHeader("ETag", tag);
            if (exchange.header("If-None-Match").filter(tag::equals).isPresent()) {
                exchange.sendNothing(304);
                return;
            }
        }
        exchange.sendBytes(200, content.type(), content.join(part.pieces()));
    }

    /// Sends the content that is there, or waits for the next.
    private void send(Exchange exchange, DurableQuery query, String id, Content content, StreamReader.Part present,
            StreamReader reader) throws IOException, InterruptedException {
        var part = present.isEmpty() && !present.closed() ? reader.await(config.limits().keepAlive()) : present;
        exchange.setHeader(CURSOR, Cursor.next(query.cursor(), Instant.now()));
        if (part.isEmpty()) {
            state(exchange, part);
            exchange.setHeader(CACHE, "no-store");
            exchange.sendNothing(204);
        } else {
            send(exchange, query, id, content, part);
        }
    }

    /// Sends events until the stream is closed, or for about a minute, after which the client connects again.
    private void stream(Exchange exchange, DurableQuery query, Content content, StreamReader.Part first,
            StreamReader reader) throws IOException, InterruptedException {
        exchange.setHeader("Content-Type", "text/event-stream");
        exchange.setHeader(CACHE, "no-cache, no-store");
        exchange.setHeader("X-Accel-Buffering", "no");
        long end = System.nanoTime() + LONGEST_EVENTS.toNanos();
        String cursor = Cursor.next(query.cursor(), Instant.now());
        var part = first;
        while (true) {
            boolean ends = part.closed() || part.upToDate() && System.nanoTime() > end;
            exchange.write((data(content, part) + control(part, cursor)).getBytes(StandardCharsets.UTF_8), ends);
            if (ends) {
                return;
            }
            part = part.upToDate() ? reader.await(config.limits().keepAlive()) : reader.catchUp();
        }
    }

    /// Returns a data event, each line of the content in a line of its own; nothing for an empty part.
    private static String data(Content content, StreamReader.Part part) {
        if (part.isEmpty()) {
            return "";
        }
        var event = new StringBuilder("event: data\n");
        for (String line : new String(content.join(part.pieces()), StandardCharsets.UTF_8).split("\r\n|\r|\n", -1)) {
            event.append("data:").append(line.startsWith(" ") ? " " : "").append(line).append('\n');
        }
        return event.append('\n').toString();
    }

    private static String control(StreamReader.Part part, String cursor) {
        var control = JsonNodeFactory.instance.objectNode().put("streamNextOffset", part.next().toString());
        if (part.closed()) {
            control.put("streamClosed", true);
        } else {
            control.put("streamCursor", cursor);
        }
        if (part.upToDate()) {
            control.put("upToDate", true);
        }
        return "event: control\ndata:" + control + "\n\n";
    }
}
