package dev.flover.topology;

import dev.flover.topology.Constraints.Prepared;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;

/// Requests of one partition whose constraints are being compiled. Each waits alone; its turn comes afterwards.
final class Compiling {
    private final Constraints constraints;
    private final Map<Bytes, Pending> pending = new LinkedHashMap<>();

    private record Pending(Ticket ticket, CompletableFuture<Prepared> prepared) {}

    record Done(Bytes id, Ticket ticket, Prepared prepared) {}

    Compiling(Constraints constraints) {
        this.constraints = constraints;
    }

    void begin(Bytes id, Ticket ticket, Constraints.Wish wish) {
        pending.put(id, new Pending(ticket, constraints.prepare(wish)));
    }

    /// Those that wait no longer.
    List<Done> takeDone() {
        if (pending.isEmpty()) {
            return List.of();
        }
        var done = pending.entrySet().stream().filter(entry -> entry.getValue().prepared().isDone())
                .map(entry -> new Done(entry.getKey(), entry.getValue().ticket(), entry.getValue().prepared().join()))
                .toList();
        done.forEach(one -> pending.remove(one.id()));
        return done;
    }

    /// It was cancelled or has expired.
    void forget(Bytes id) {
        pending.remove(id);
    }
}
