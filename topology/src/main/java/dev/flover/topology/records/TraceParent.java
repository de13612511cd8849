package dev.flover.topology.records;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;

/// The trace that a request belongs to, in a header of its record, as W3C Trace Context has it.
public final class TraceParent {
    public static final String HEADER = "traceparent";
    static final int MAX_BYTES = 256;

    private TraceParent() {}

    /// Null where the request's producer named none, or one that is too long.
    public static String of(Headers headers) {
        var header = headers.lastHeader(HEADER);
        return header == null || header.value() == null || header.value().length > MAX_BYTES
                ? null
                : new String(header.value(), StandardCharsets.UTF_8);
    }
}
