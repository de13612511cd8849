package dev.flover.topology.results;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// An index of the stored results whose answers may be given to equal requests: from the digest of a request's content
/// (`ContentKey`) to the place of the result. Bounded; the oldest entries are forgotten first. Thread-safe.
final class AnswerIndex {
    private final int most;
    private final Map<ByteBuffer, Place> places = new LinkedHashMap<>();
    private final Map<Bytes, ByteBuffer> contents = new HashMap<>();

    /// The place of a result on the results topic.
    ///
    /// @param id the id of the request that the result belongs to
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

    /// Forgets the result of an id, so that its answer is no longer given to equal requests.
    synchronized void forget(Bytes id) {
        var content = contents.remove(id);
        if (content != null) {
            places.remove(content);
        }
    }

    /// The place of the answer to an equal request; null where there is none.
    ///
    /// @param content the digest of the request's content
    synchronized @Nullable Place find(ByteBuffer content) {
        return places.get(content);
    }
}
