package dev.flover.topology.records;

import dev.flover.schemas.StoredHeader;
import dev.flover.schemas.StoredRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/// The headers of a request's record that come back on each record of its answer.
///
/// Headers whose names begin with `ce_` are attributes of a CloudEvent. Each record of an answer is an event of its
/// own: the attributes that name and describe the request's event are replaced.
///
/// ```
///   ce_id            request's      ─► names the record of the answer; the request's id becomes ce_causationid
///   ce_source        request's      ─► flover: and the requests topic
///   ce_type          request's      ─► the kind of the record
///   ce_time          request's      ─► the record's timestamp
///   ce_dataschema, ce_datacontenttype  describe the request's value, and are left out
///   all others                      ─► unchanged
/// ```
///
/// @param headers in the order of the request's record
public record ReturnedHeaders(List<StoredHeader> headers) {
    public static final ReturnedHeaders NONE = new ReturnedHeaders(List.of());

    private static final String CAUSE = "ce_causationid";
    private static final String SOURCE = "flover:";

    public ReturnedHeaders {
        headers = List.copyOf(headers);
    }

    /// The headers that were stored with a request.
    public static ReturnedHeaders of(StoredRequest stored) {
        if (stored.getTraceparent() == null) {
            return new ReturnedHeaders(stored.getHeaders());
        }
        var all = new ArrayList<>(List.of(new StoredHeader(TraceParent.HEADER,
                ByteBuffer.wrap(stored.getTraceparent().getBytes(StandardCharsets.UTF_8)))));
        all.addAll(stored.getHeaders());
        return new ReturnedHeaders(all);
    }

    /// The trace that the request belongs to; null where there is none. It is stored in a field of its own, which all
    /// releases know.
    public @Nullable String trace() {
        return TraceParent.of(asWritten());
    }

    /// The headers that are stored beside [#trace].
    public List<StoredHeader> besideTrace() {
        return trace() == null ? headers
                : headers.stream().filter(header -> !header.getName().equals(TraceParent.HEADER)).toList();
    }

    /// The headers as the request's record had them.
    public RecordHeaders asWritten() {
        var written = new RecordHeaders();
        headers.forEach(header -> written.add(header.getName(), bytes(header.getValue())));
        return written;
    }

    /// The headers of a record of the answer.
    ///
    /// @param event the name of the record, the same each time when the record is computed
    /// @param topic the requests topic
    /// @param at    the record's timestamp in ms
    public RecordHeaders on(Event event, String topic, long at) {
        var written = new RecordHeaders();
        boolean causeIsKnown = headers.stream().anyMatch(header -> header.getName().equals("ce_id"));
        for (var header : headers) {
            switch (header.getName()) {
                case "ce_id" -> {
                    add(written, "ce_id", event.id());
                    written.add(CAUSE, bytes(header.getValue()));
                }
                case "ce_source" -> add(written, "ce_source", SOURCE + topic);
                case "ce_type" -> add(written, "ce_type", event.type());
                case "ce_time" -> add(written, "ce_time", Instant.ofEpochMilli(at).toString());
                case "ce_dataschema", "ce_datacontenttype" -> { }
                case CAUSE -> {
                    if (!causeIsKnown) {
                        written.add(CAUSE, bytes(header.getValue()));
                    }
                }
                default -> written.add(header.getName(), bytes(header.getValue()));
            }
        }
        return written;
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static byte @Nullable [] bytes(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    /// The name and the kind of a record of an answer, as a CloudEvent has them.
    ///
    /// @param id   unique among the records of all requests of the topic
    /// @param type the kind of record
    public record Event(String id, String type) {
        public static Event chunk(String request, int answer, int position) {
            return new Event(request + "/" + answer + "/" + position, "dev.flover.chunk");
        }

        public static Event result(String request) {
            return new Event(request + "/result", "dev.flover.result");
        }

        /// A finished answer in the schema that its request names.
        public static Event answer(String request, int answer) {
            return new Event(request + "/" + answer + "/record", "dev.flover.answer");
        }

        /// A further record of the same kind.
        public Event with(String suffix) {
            return new Event(id + "/" + suffix, type);
        }

        /// A chunk that repeats an answer.
        ///
        /// @param offset the offset of the request that was sent again
        public Event repeated(long offset) {
            return with("repeat/" + offset);
        }
    }

    /// Says which headers come back, and limits them.
    ///
    /// @param further names of headers that come back, besides those of traces, CloudEvents and correlation
    public record Rules(Set<String> further) {
        static final int MOST = 16;
        static final int MOST_BYTES = 4 << 10;
        private static final Set<String> ALWAYS =
                Set.of(TraceParent.HEADER, "tracestate", "kafka_correlationId", "correlation-id");
        private static final String CLOUD_EVENTS = "ce_";

        /// Whether headers of this name have a meaning for the pipeline.
        public boolean isNeeded(String name) {
            return comesBack(name) || ReplyHeaders.NAMES.contains(name);
        }

        boolean comesBack(String name) {
            return ALWAYS.contains(name) || name.startsWith(CLOUD_EVENTS) || further.contains(name);
        }

        /// The headers of a record that come back; only the first ones where they are more than the limits allow.
        public ReturnedHeaders of(Headers record) {
            var kept = new ArrayList<StoredHeader>();
            int bytes = 0;
            for (var header : record) {
                if (comesBack(header.key())) {
                    bytes += BoundedRecords.sizeOf(header);
                    if (kept.size() == MOST || bytes > MOST_BYTES) {
                        break;
                    }
                    kept.add(new StoredHeader(header.key(),
                            header.value() == null ? null : ByteBuffer.wrap(header.value())));
                }
            }
            return new ReturnedHeaders(kept);
        }

        /// The reason to reject a request because of its headers; null where there is none.
        public @Nullable String refusal(Headers record) {
            int count = 0;
            int bytes = 0;
            for (var header : record) {
                if (comesBack(header.key())) {
                    count++;
                    bytes += BoundedRecords.sizeOf(header);
                }
            }
            return count <= MOST && bytes <= MOST_BYTES ? null
                    : "the headers of a record that come back with its answer must be at most " + MOST + " of at most "
                            + MOST_BYTES + " bytes together, were " + count + " of " + bytes + " bytes; these are "
                            + "traceparent, tracestate, ce_*, kafka_correlationId, correlation-id and those of the "
                            + "pipeline's setting return-headers";
        }
    }
}
