package dev.flover.topology.waiting;

import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.Constraints.Prepared;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;

/// Keeps the requests of one partition while their constraints are being compiled. Each enters the waiting room
/// afterwards.
public final class Compiling {
    private final Constraints constraints;
    private final Map<Bytes, Pending> pending = new LinkedHashMap<>();

    private record Pending(Ticket ticket, CompletableFuture<Prepared> prepared) {}

    /// A request whose constraint has been compiled or refused.
    public record Done(Bytes id, Ticket ticket, Prepared prepared) {}

    public Compiling(Constraints constraints) {
        this.constraints = constraints;
    }

    public void begin(Bytes id, Ticket ticket, Constraints.Wish wish) {
        pending.put(id, new Pending(ticket, constraints.prepare(wish)));
    }

    /// Takes the requests whose constraint has been compiled or refused.
    public List<Done> takeDone() {
        if (pending.isEmpty()) {
            return List.of();
        }
        var done = pending.entrySet().stream().filter(entry -> entry.getValue().prepared().isDone())
                .map(entry -> new Done(entry.getKey(), entry.getValue().ticket(), entry.getValue().prepared().join()))
                .toList();
        done.forEach(one -> pending.remove(one.id()));
        return done;
    }

    /// Forgets a request that was cancelled or has expired.
    public void forget(Bytes id) {
        pending.remove(id);
    }
}
