package dev.flover.tests.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/// A record that a producer should not have written, and the kind of answer that it has to get.
///
/// @param what      the record in words, as on the page bad-input.md
/// @param timestamp the record's time in ms since 1970; null for the time at which it is sent
/// @param headers   the record's headers; a value may be null
record BadInput(String what, byte[] key, byte[] value, Long timestamp, Map<String, byte[]> headers, Answer answer) {
    enum Answer {
        /// The broker refuses the record, so it is not on the topic.
        REFUSED_BY_BROKER("the broker does not take it"),
        DEAD_LETTER("dead letter"),
        REJECTED("rejected"),
        EXPIRED("expired"),
        /// The id has its answer already; the record changes nothing about that answer.
        ABSORBED("absorbed while the first is answered; after its end, its answer once more"),
        SERVED("served");

        final String words;

        Answer(String words) {
            this.words = words;
        }
    }

    static BadInput of(String what, String key, byte[] value, Answer answer) {
        return new BadInput(what, key.getBytes(StandardCharsets.UTF_8), value, null, Map.of(), answer);
    }

    BadInput at(long time) {
        return new BadInput(what, key, value, time, headers, answer);
    }

    BadInput with(Map<String, byte[]> others) {
        return new BadInput(what, key, value, timestamp, others, answer);
    }

    String id() {
        return key == null ? null : new String(key, StandardCharsets.UTF_8);
    }
}
