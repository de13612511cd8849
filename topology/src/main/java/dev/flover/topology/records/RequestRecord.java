package dev.flover.topology.records;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// A record of the requests topic.
///
/// @param key   null where the producer gave none
/// @param value null is a cancel
public record RequestRecord(
        String topic, int partition, long offset, long timestamp, Headers headers, byte @Nullable [] key,
        byte @Nullable [] value) {
    public RequestRecord withKey(String other) {
        return new RequestRecord(topic, partition, offset, timestamp, headers,
                other.getBytes(StandardCharsets.UTF_8), value);
    }
}
