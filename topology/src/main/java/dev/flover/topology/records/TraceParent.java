package dev.flover.topology.records;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// The trace that a request belongs to: the header `traceparent` of its record, as W3C Trace Context defines it.
final class TraceParent {
    public static final String HEADER = "traceparent";
    private static final int MAX_BYTES = 256;

    private TraceParent() {}

    /// The header's value; null where the producer sent none, or one of more than 256 bytes.
    public static @Nullable String of(Headers headers) {
        var header = headers.lastHeader(HEADER);
        return header == null || header.value() == null || header.value().length > MAX_BYTES
                ? null
                : new String(header.value(), StandardCharsets.UTF_8);
    }
}
