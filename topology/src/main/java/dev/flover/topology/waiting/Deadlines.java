package dev.flover.topology.waiting;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// The deadlines of a partition's unfinished requests, waiting or live.
public final class Deadlines {
    private final TreeSet<Deadline> byTime =
            new TreeSet<>(Comparator.comparingLong(Deadline::at).thenComparing(Deadline::id));
    private final Map<Bytes, Deadline> byId = new HashMap<>();

    private record Deadline(long at, Bytes id) {}

    /// Sets the deadline of a request.
    ///
    /// @param requestedAt when the request was written, in ms since 1970
    /// @param afterMs     time from then to the deadline; null for none
    public void set(Bytes id, long requestedAt, @Nullable Long afterMs) {
        if (afterMs == null) {
            return;
        }
        long at = requestedAt + afterMs;
        var deadline = new Deadline(at < requestedAt ? Long.MAX_VALUE : at, id);
        byId.put(id, deadline);
        byTime.add(deadline);
    }

    public void clear(Bytes id) {
        var deadline = byId.remove(id);
        if (deadline != null) {
            byTime.remove(deadline);
        }
    }

    /// Takes a request whose deadline has passed; null where there is none.
    public @Nullable Bytes takeExpired(long now) {
        if (byTime.isEmpty() || byTime.first().at() > now) {
            return null;
        }
        var expired = byTime.first().id();
        clear(expired);
        return expired;
    }
}
