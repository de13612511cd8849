package dev.flover.topology;

import dev.flover.topology.PipelineConfig.Delivery;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// When the stream thread commits, and how often it has.
///
/// ```
///   first change ────────── commit interval ──────────► commit
///   first change ── somebody's first tokens ─► commit            unless one was made half an interval ago
///   first change ── an attempt ─► commit                         in any case
/// ```
///
/// Kafka Streams' own timer knows nothing of what there is to commit: it would commit between a request and its first
/// token, which then waits for two transactions, and as often while nothing happens.
final class Commits {
    private final AtomicLong count = new AtomicLong();
    private final long intervalNanos;
    private final boolean readersWait;
    private final LongSupplier clock;

    private boolean changed;
    private boolean early;
    private boolean atOnce;
    private long changedAt;
    private long committedAt;

    /// @param clock nanoseconds from any origin
    Commits(PipelineConfig config, LongSupplier clock) {
        intervalNanos = config.pace().commitInterval().toNanos();
        readersWait = config.delivery() == Delivery.EXACTLY_ONCE;
        this.clock = clock;
        committedAt = clock.getAsLong() - intervalNanos;
    }

    /// Something was written that the next commit covers.
    void changed() {
        if (!changed) {
            changed = true;
            changedAt = clock.getAsLong();
        }
    }

    /// Something is kept back since then, to be written with the next commit: see [#mayWait].
    ///
    /// @param since on the clock
    void keptBack(long since) {
        if (!changed || since - changedAt < 0) {
            changed = true;
            changedAt = since;
        }
    }

    /// Whether nobody misses what is written only when the next commit is due: readers wait for that one in any case,
    /// and one record then costs less than many until then.
    boolean mayWait() {
        return readersWait && !isDue();
    }

    long now() {
        return clock.getAsLong();
    }

    /// What was written is worth a commit before the interval is over, where readers wait for it and the last one is
    /// not too recent.
    void early() {
        early = readersWait;
    }

    /// What was written must not wait.
    void atOnce() {
        atOnce = true;
    }

    /// Whether the stream thread should commit now.
    boolean isDue() {
        if (atOnce) {
            return true;
        }
        if (!changed) {
            return false;
        }
        long now = clock.getAsLong();
        return now - changedAt >= intervalNanos || early && now - committedAt >= intervalNanos / 2;
    }

    /// Called by the client that has just committed.
    void committed() {
        changed = false;
        early = false;
        atOnce = false;
        committedAt = clock.getAsLong();
        count.incrementAndGet();
    }

    /// Something written now is durable once this count has grown.
    long count() {
        return count.get();
    }
}
