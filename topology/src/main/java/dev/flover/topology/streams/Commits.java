package dev.flover.topology.streams;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Delivery;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// When the stream thread commits, and how often it has.
///
/// ```
///   first change ────────── commit interval ──────────► commit   later where requests wait and commits take long
///   first change ── first tokens of an answer ─► commit          unless one was made half an interval ago
///   first change ── an attempt ─► commit                         in any case
/// ```
///
/// Kafka Streams' own timer does not know what was written: it would commit between a request and its first token,
/// which then waits for two transactions, and it would commit as often while nothing happens.
///
/// Partitions tick one after the other, and each writes the chunks that it kept back in its own tick only. So the clock
/// is read once a pass, by the first of them: a commit that became due in the middle of a pass would not cover the
/// chunks that the earlier partitions have kept longest, and these would cause another commit at once.
public final class Commits {
    /// While requests wait for room, the next commit comes after at least this many times the duration of the last one:
    /// at most a quarter of the stream thread's time then goes into commits, the rest into reading and steps.
    private static final int PAUSE_IN_COMMITS = 3;
    private static final int LONGEST_PAUSE_IN_INTERVALS = 4;
    /// A commit that takes this long is held up by a quota or a slow broker. Then commits are made less often: an
    /// answer's tokens of the whole interval go into one record, which takes fewer bytes than many.
    private static final long SLOW_NANOS = Duration.ofMillis(250).toNanos();
    private static final long LONGEST_PAUSE_OF_SLOW_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long NOT_BEGUN = Long.MIN_VALUE;

    /// The most urgent kind of write that the next commit covers.
    private enum Written {
        NOTHING,
        /// It may wait for the interval.
        CHANGES,
        /// First tokens of an answer: its reader waits for them.
        FIRST_TOKENS,
        /// An attempt: the generation starts when it is durable.
        ATTEMPT
    }

    /// The least urgent kind of write that a commit may be made for, by the clock at the beginning of the pass.
    private enum Allowed {
        /// The last commit is too recent, or throughput counts.
        ATTEMPTS,
        FIRST_TOKENS,
        /// The interval is over.
        CHANGES
    }

    private final AtomicLong count = new AtomicLong();
    private final long intervalNanos;
    private final boolean readersWait;
    private final LongSupplier clock;

    private final Set<Integer> ticked = new HashSet<>();
    private Written written = Written.NOTHING;
    private Allowed allowed = Allowed.FIRST_TOKENS;
    private long changedAt;
    private long beganAt = NOT_BEGUN;
    private long committedAt;
    private long pauseNanos;
    private long slowPauseNanos;

    /// @param clock nanoseconds from any origin
    public Commits(PipelineConfig config, LongSupplier clock) {
        intervalNanos = config.pace().commitInterval().toNanos();
        readersWait = config.delivery() == Delivery.EXACTLY_ONCE;
        this.clock = clock;
        committedAt = clock.getAsLong() - intervalNanos;
    }

    /// A partition begins its tick.
    ///
    /// @param requestsWait for room: then it is throughput that counts
    /// @return whether it is the first one of a pass
    public boolean tick(int partition, boolean requestsWait) {
        if (!ticked.add(partition)) {
            passEnds();
            ticked.add(partition);
        }
        if (ticked.size() > 1) {
            return false;
        }
        allowed = allowed(requestsWait);
        return true;
    }

    private Allowed allowed(boolean requestsWait) {
        if (!isOver(slowPauseNanos, committedAt)) {
            return Allowed.ATTEMPTS;
        }
        if (written != Written.NOTHING && isOver(intervalNanos, changedAt)
                && (!requestsWait || isOver(pauseNanos, committedAt))) {
            return Allowed.CHANGES;
        }
        return requestsWait || !isOver(intervalNanos / 2, committedAt) ? Allowed.ATTEMPTS : Allowed.FIRST_TOKENS;
    }

    /// The pass is over; the next partition that ticks begins a new one. A partition that ticks a second time begins
    /// one, too.
    void passEnds() {
        ticked.clear();
    }

    private boolean isOver(long nanos, long since) {
        return clock.getAsLong() - since >= nanos;
    }

    /// A record was written that the next commit covers.
    void changed() {
        if (written == Written.NOTHING) {
            written = Written.CHANGES;
            changedAt = clock.getAsLong();
        }
    }

    /// Chunks have been kept back since then, to be written with the next commit: see [#mayWait].
    ///
    /// @param since on the clock
    public void keptBack(long since) {
        if (written == Written.NOTHING || since - changedAt < 0) {
            changed();
            changedAt = since;
        }
    }

    /// Whether chunks may be kept back until the next commit is due: readers wait for that one in any case,
    /// and one record then costs less than many until then.
    public boolean mayWait() {
        return readersWait && !isDue();
    }

    public long now() {
        return clock.getAsLong();
    }

    /// The first token of an answer was drawn, and will be written in this pass.
    public void firstToken() {
        changed();
        early();
    }

    /// First tokens were written: worth a commit before the interval is over, where readers wait for it, no request
    /// waits for room, and the last commit is not too recent.
    public void early() {
        if (readersWait && written == Written.CHANGES) {
            written = Written.FIRST_TOKENS;
        }
    }

    /// An attempt was written: it must be committed after this pass.
    public void atOnce() {
        changed();
        written = Written.ATTEMPT;
    }

    /// Whether the stream thread should commit after this pass.
    public boolean isDue() {
        return written == Written.ATTEMPT || allowed == Allowed.CHANGES
                || written == Written.FIRST_TOKENS && allowed == Allowed.FIRST_TOKENS;
    }

    /// How long the stream thread may sleep without delaying a commit; zero where readers do not wait for one.
    ///
    /// @param most where nothing has changed
    Duration untilDue(Duration most) {
        if (!readersWait) {
            return Duration.ZERO;
        }
        long left = written != Written.NOTHING ? changedAt + intervalNanos - clock.getAsLong() : most.toNanos();
        return Duration.ofNanos(Math.clamp(left, 0, most.toNanos()));
    }

    /// Called by the client that begins to commit; it may do so more than once.
    void begins() {
        if (beganAt == NOT_BEGUN) {
            beganAt = clock.getAsLong();
        }
    }

    /// Called by the client that has just committed.
    public void committed() {
        written = Written.NOTHING;
        allowed = Allowed.ATTEMPTS;
        passEnds();
        committedAt = clock.getAsLong();
        if (beganAt != NOT_BEGUN) {
            long took = committedAt - beganAt;
            beganAt = NOT_BEGUN;
            pauseNanos = Math.min(PAUSE_IN_COMMITS * took, LONGEST_PAUSE_IN_INTERVALS * intervalNanos);
            slowPauseNanos = took < SLOW_NANOS ? 0 : Math.min(took, LONGEST_PAUSE_OF_SLOW_NANOS);
        }
        count.incrementAndGet();
    }

    /// Something written now is durable once this count has grown.
    public long count() {
        return count.get();
    }
}
