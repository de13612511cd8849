package dev.flover.topology.waiting;

import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.RequestPlan;
import java.util.Comparator;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// A request in the waiting room: the values by which waiting requests are ordered, without the request's content.
/// Tickets are compared by identity.
public final class Ticket {
    static final Comparator<Ticket> ORDER = Comparator.<Ticket>comparingLong(ticket -> ticket.rank)
            .thenComparingLong(ticket -> ticket.arrival)
            .thenComparingInt(ticket -> ticket.partition);

    public final String id;
    public final String tenant;
    public final Standing standing;
    /// Whether the request waits behind all requests that are not batch.
    final boolean batch;
    /// The time in ms at which the request was read from its topic.
    public final long readAt;
    /// Orders the requests of one tenant: the smallest rank is computed first.
    final long rank;
    /// The offset of the request's record; among equal ranks, the smaller offset is first.
    final long arrival;
    final int partition;
    public final int promptTokens;
    final int bytes;
    /// Whether the request was restored from the state rather than read from the topic: only then may it have taken
    /// part in a life that ended badly.
    public final boolean restored;
    /// The queue of the partition that owns the request; the waiting room adds the ticket to it when the request's turn
    /// begins.
    final Queue<Ticket> granted;

    /// The compiled constraint of the request's answers; null where there is none, or while it is being compiled.
    public Constraints.Prepared.@Nullable Ready prepared;

    /// The options by which the request is computed. A request that was restored from the state has none until it is
    /// loaded for the first time.
    public @Nullable RequestPlan plan;

    /// Whether the request is to give up its place in the engine: set by the waiting room, which then adds the ticket
    /// to the queue `granted` a second time.
    private boolean yields;

    // The fields below are set by the waiting room.
    Turn turn = Turn.NONE;
    /// Whether the request has its first token; false for a batch request.
    boolean answered;
    /// Whether the request has given up its place in the engine: then it goes on before batch requests that have not
    /// begun.
    boolean yielded;
    /// The tokens that the tenant has been charged for this request.
    double paid;
    /// The tokens computed for this request, its prompt's included.
    double used;

    enum Turn {
        /// The request waits.
        NONE,
        /// The request's constraint is being compiled; after that it waits.
        PREPARING,
        /// The request's turn has begun; the engine has not been given it yet.
        OUTSTANDING,
        STARTED,
        OVER
    }

    /// Why a request waits.
    public enum Standing {
        /// The request may have ended earlier processes (a poison pill); it is computed alone.
        SUSPECT,
        /// The request's generation had begun before a restart, and goes on before new ones begin.
        RESUMED,
        ARRIVED
    }

    /// Whether the request is to give up its place in the engine, rather than to take one.
    public boolean yields() {
        return yields;
    }

    void yields(boolean yields) {
        this.yields = yields;
    }

    /// @param advance the waiting time in ms that the request's priority is worth
    public Ticket(String id, String tenant, Standing standing, boolean batch, long readAt, long advance, long arrival,
            int partition, int promptTokens, int bytes, boolean restored, Queue<Ticket> granted) {
        this.id = id;
        this.tenant = tenant;
        this.standing = standing;
        this.batch = batch;
        this.readAt = readAt;
        this.rank = readAt - advance;
        this.arrival = arrival;
        this.partition = partition;
        this.promptTokens = promptTokens;
        this.bytes = bytes;
        this.restored = restored;
        this.granted = granted;
    }
}
