package dev.flover.topology.results;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;

/// The places of answers that equal requests may be given; the oldest are forgotten first. Thread-safe.
final class AnswerIndex {
    private final int most;
    private final Map<ByteBuffer, Place> places = new LinkedHashMap<>();
    private final Map<Bytes, ByteBuffer> contents = new HashMap<>();

    /// Of a result.
    record Place(TopicPartition partition, long offset, Bytes id) {}

    AnswerIndex(int most) {
        this.most = most;
    }

    synchronized void add(ByteBuffer content, Place place) {
        forget(place.id());
        var before = places.remove(content);
        if (before != null) {
            contents.remove(before.id());
        }
        places.put(content, place);
        contents.put(place.id(), content);
        if (places.size() > most) {
            forget(places.values().iterator().next().id());
        }
    }

    /// The result under this id may no longer be given to equal requests.
    synchronized void forget(Bytes id) {
        var content = contents.remove(id);
        if (content != null) {
            places.remove(content);
        }
    }

    /// Null where there is none.
    synchronized Place find(ByteBuffer content) {
        return places.get(content);
    }
}
