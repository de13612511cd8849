package dev.flover.tests.pipeline;

import java.nio.charset.StandardCharsets;

/// A record that should not have been written, and the kind of answer it has to get.
///
/// @param what      as the page says it
/// @param timestamp ms; null: now
record BadInput(String what, byte[] key, byte[] value, Long timestamp, Answer answer) {
    enum Answer {
        /// It does not get on the topic.
        REFUSED_BY_BROKER("the broker does not take it"),
        DEAD_LETTER("dead letter"),
        REJECTED("rejected"),
        EXPIRED("expired"),
        /// The id has its answer already; the record adds nothing to it.
        ABSORBED("absorbed while the first is answered; after its end, its answer once more"),
        SERVED("served");

        final String words;

        Answer(String words) {
            this.words = words;
        }
    }

    static BadInput of(String what, String key, byte[] value, Answer answer) {
        return new BadInput(what, key.getBytes(StandardCharsets.UTF_8), value, null, answer);
    }

    BadInput at(long time) {
        return new BadInput(what, key, value, time, answer);
    }

    String id() {
        return key == null ? null : new String(key, StandardCharsets.UTF_8);
    }
}
