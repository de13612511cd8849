package dev.flover.topology.records;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// A record of the dead-letter topic, with the reason in its headers. Key and value are cut to a size that the topic
/// takes.
///
/// @param key   null where the record had none
/// @param value null where the record had none
public record DeadLetter(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
    public static final String REASON = "flover.reason";
    /// Header: the topic of another application that the record was meant for.
    public static final String MEANT_FOR = "flover.record.topic";

    /// Makes a dead letter of a record that was not written to the topic of another application.
    public static DeadLetter meantFor(String topic, byte[] key, byte[] value, Headers headers, String reason) {
        header(headers, MEANT_FOR, topic);
        return of(key, value, headers, reason);
    }

    /// @param headers the headers of the record, to which further ones are added
    public static DeadLetter of(byte @Nullable [] key, byte @Nullable [] value, Headers headers, String reason) {
        header(headers, REASON, reason);
        byte[] kept = value;
        if (value != null && value.length > BoundedRecords.MAX_DEAD_LETTER_BYTES) {
            kept = Arrays.copyOf(value, BoundedRecords.MAX_DEAD_LETTER_BYTES);
            header(headers, BoundedRecords.CUT_FROM, Integer.toString(value.length));
        }
        byte[] keptKey = key != null && key.length > BoundedRecords.MAX_HEADER_BYTES
                ? Arrays.copyOf(key, BoundedRecords.MAX_HEADER_BYTES)
                : key;
        return new DeadLetter(keptKey, kept, headers);
    }

    private static void header(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
