package dev.flover.topology.waiting;

import dev.flover.topology.request.Constraints;
import java.util.Comparator;
import java.util.Queue;

/// A request's place in the waiting room. Compared by identity.
public final class Ticket {
    static final Comparator<Ticket> ORDER = Comparator.<Ticket>comparingLong(ticket -> ticket.rank)
            .thenComparingLong(ticket -> ticket.arrival)
            .thenComparingInt(ticket -> ticket.partition);

    public final String id;
    final String tenant;
    public final Standing standing;
    /// Within a tenant the smallest rank is computed first.
    final long rank;
    /// Offset of the request's record: breaks ties in the order of arrival.
    final long arrival;
    final int partition;
    final int promptTokens;
    final int bytes;
    /// Read back from the state, not from the topic: it may have taken part in a life that ended badly.
    public final boolean restored;
    /// Queue of the partition that owns the request: the ticket is added when it is granted.
    final Queue<Ticket> granted;

    /// The constraint of its answers; null where there is none, or it is being compiled.
    public Constraints.Prepared.Ready prepared;

    // Kept by the waiting room
    Turn turn = Turn.NONE;
    /// Tokens its tenant has been charged for.
    double paid;
    /// Tokens computed for it, its prompt's included.
    double used;

    enum Turn {
        /// It waits.
        NONE,
        /// Its constraint is being compiled; it waits afterwards.
        PREPARING,
        /// Granted; the engine has not been given it yet.
        OUTSTANDING,
        STARTED,
        OVER
    }

    /// How a request came to wait.
    public enum Standing {
        /// It may have ended earlier lives of the process (a poison pill): it is computed alone.
        SUSPECT,
        /// It had begun before a restart, and goes on before others begin.
        RESUMED,
        ARRIVED
    }

    public Ticket(String id, String tenant, Standing standing, long rank, long arrival, int partition, int promptTokens,
            int bytes, boolean restored, Queue<Ticket> granted) {
        this.id = id;
        this.tenant = tenant;
        this.standing = standing;
        this.rank = rank;
        this.arrival = arrival;
        this.partition = partition;
        this.promptTokens = promptTokens;
        this.bytes = bytes;
        this.restored = restored;
        this.granted = granted;
    }
}
