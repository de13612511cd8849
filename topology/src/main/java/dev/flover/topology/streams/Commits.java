package dev.flover.topology.streams;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.waiting.Demand;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// Decides when the stream thread commits, and counts its commits.
///
/// ```
///   first change ────────── commit interval ──────────► commit   later where requests wait and commits take long
///   first change ── first tokens of an answer ─► commit          unless one was made half an interval ago
///   first change ── an attempt ─► commit                         in any case
///   beside batch requests: first change ─► two intervals ─► commit, or sooner with the first tokens of another request
/// ```
///
/// Kafka Streams' own commit timer does not know which records were written: it would commit between a request and its
/// first token, which would then wait for a second transaction, and it would commit just as often while nothing
/// happens.
///
/// Partitions tick one after the other, and each writes the chunks that it kept back only in its own tick. Therefore
/// the clock is read once in each pass, when the first partition ticks: a commit that became due in the middle of a
/// pass would not cover the chunks that the earlier partitions have kept longest, and these chunks would cause another
/// commit at once.
public final class Commits {
    /// While requests wait for room, the time to the next commit is at least this many times the duration of the last
    /// one. At most a quarter of the stream thread's time then goes into commits, the rest into reading and steps.
    private static final int PAUSE_IN_COMMITS = 3;
    private static final int LONGEST_PAUSE_IN_INTERVALS = 4;
    /// Results of batch requests wait this many intervals for the first tokens of another request, so that these find
    /// no commit in progress.
    private static final int BATCH_WAITS_INTERVALS = 2;
    /// A commit that takes this long, in ns, is held up by a quota or a slow broker. Commits are then made less often:
    /// an answer's tokens of the whole interval go into one record, which takes fewer bytes than many records.
    private static final long SLOW_NANOS = Duration.ofMillis(250).toNanos();
    private static final long LONGEST_PAUSE_OF_SLOW_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long NOT_BEGUN = Long.MIN_VALUE;

    /// The most urgent kind of write that the next commit covers.
    private enum Written {
        NOTHING,
        /// Changes that may wait for the commit interval.
        CHANGES,
        /// First tokens of an answer, which its reader waits for.
        FIRST_TOKENS,
        /// An attempt: its generation starts only when the attempt is committed.
        ATTEMPT
    }

    /// The least urgent kind of write that a commit may be made for, by the clock at the beginning of the pass.
    private enum Allowed {
        /// Only attempts: the last commit is too recent; or requests wait for the engine, and then fewer commits give
        /// more tokens a second.
        ATTEMPTS,
        FIRST_TOKENS,
        /// Any write, because the commit interval is over.
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
    private long tookNanos;
    private long pauseNanos;
    private long slowPauseNanos;
    private long spentNanos;

    /// @param clock a monotonic clock in nanoseconds
    public Commits(PipelineConfig config, LongSupplier clock) {
        intervalNanos = config.pace().commitInterval().toNanos();
        readersWait = config.delivery() == Delivery.EXACTLY_ONCE;
        this.clock = clock;
        committedAt = clock.getAsLong() - intervalNanos;
    }

    /// Notes that a partition begins its tick.
    ///
    /// @return whether this partition is the first one of a pass
    public boolean tick(int partition, Demand demand) {
        if (!ticked.add(partition)) {
            passEnds();
            ticked.add(partition);
        }
        if (ticked.size() > 1) {
            return false;
        }
        allowed = allowed(demand);
        return true;
    }

    private Allowed allowed(Demand demand) {
        if (!isOver(slowPauseNanos, committedAt)) {
            return Allowed.ATTEMPTS;
        }
        return switch (demand) {
            case TOKENS -> changesWaited(intervalNanos) ? Allowed.CHANGES
                    : isOver(intervalNanos / 2, committedAt) ? Allowed.FIRST_TOKENS : Allowed.ATTEMPTS;
            case THROUGHPUT -> changesWaited(intervalNanos) && isOver(pauseNanos, committedAt) ? Allowed.CHANGES
                    : Allowed.ATTEMPTS;
            case FIRST_TOKENS -> changesWaited(BATCH_WAITS_INTERVALS * intervalNanos) ? Allowed.CHANGES
                    : isOver(Math.min(tookNanos, intervalNanos / 2), committedAt) ? Allowed.FIRST_TOKENS
                    : Allowed.ATTEMPTS;
        };
    }

    private boolean changesWaited(long nanos) {
        return written != Written.NOTHING && isOver(nanos, changedAt);
    }

    /// Ends a pass: the next partition that ticks begins a new one. (A partition that ticks a second time begins one,
    /// too.)
    void passEnds() {
        ticked.clear();
    }

    private boolean isOver(long nanos, long since) {
        return clock.getAsLong() - since >= nanos;
    }

    /// Notes that a record was written, which the next commit covers.
    void changed() {
        if (written == Written.NOTHING) {
            written = Written.CHANGES;
            changedAt = clock.getAsLong();
        }
    }

    /// Notes that chunks are kept back to be written with the next commit: see [#mayWait].
    ///
    /// @param since the time on this object's clock, in ns, since when at least one chunk is kept back
    public void keptBack(long since) {
        if (written == Written.NOTHING || since - changedAt < 0) {
            changed();
            changedAt = since;
        }
    }

    /// Whether chunks may be kept back until the next commit is due. Readers of committed records wait for that commit
    /// in any case, and one record then costs less than many records.
    public boolean mayWait() {
        return readersWait && !isDue();
    }

    public long now() {
        return clock.getAsLong();
    }

    /// Notes that the first token of an answer was drawn, which will be written in this pass.
    public void firstToken() {
        changed();
        early();
    }

    /// Notes that first tokens were written. They are worth a commit before the interval is over, where readers wait
    /// for it, no request waits for room, and the last commit is not too recent.
    public void early() {
        if (readersWait && written == Written.CHANGES) {
            written = Written.FIRST_TOKENS;
        }
    }

    /// Notes that an attempt was written, which must be committed after this pass.
    public void atOnce() {
        changed();
        written = Written.ATTEMPT;
    }

    /// Whether the stream thread should commit after this pass.
    public boolean isDue() {
        return written == Written.ATTEMPT || allowed == Allowed.CHANGES
                || written == Written.FIRST_TOKENS && allowed == Allowed.FIRST_TOKENS;
    }

    /// How long the stream thread may sleep without delaying a commit; zero where readers do not wait for commits.
    ///
    /// @param most the result where nothing has changed since the last commit
    Duration untilDue(Duration most) {
        if (!readersWait) {
            return Duration.ZERO;
        }
        long left = written != Written.NOTHING ? changedAt + intervalNanos - clock.getAsLong() : most.toNanos();
        return Duration.ofNanos(Math.clamp(left, 0, most.toNanos()));
    }

    /// Notes that a commit begins. Called by the producer, possibly more than once for one commit.
    void begins() {
        if (beganAt == NOT_BEGUN) {
            beganAt = clock.getAsLong();
        }
    }

    /// Notes that a commit has ended. Called by the producer.
    public void committed() {
        written = Written.NOTHING;
        allowed = Allowed.ATTEMPTS;
        passEnds();
        committedAt = clock.getAsLong();
        if (beganAt != NOT_BEGUN) {
            long took = committedAt - beganAt;
            beganAt = NOT_BEGUN;
            spentNanos += took;
            tookNanos = took;
            pauseNanos = Math.min(PAUSE_IN_COMMITS * took, LONGEST_PAUSE_IN_INTERVALS * intervalNanos);
            slowPauseNanos = took < SLOW_NANOS ? 0 : Math.min(took, LONGEST_PAUSE_OF_SLOW_NANOS);
        }
        count.incrementAndGet();
    }

    /// The time in ns that commits have taken since the last call. Called by the stream thread.
    public long takeSpentNanos() {
        long spent = spentNanos;
        spentNanos = 0;
        return spent;
    }

    /// The number of commits so far. A record that is written now is durable once this number has grown.
    public long count() {
        return count.get();
    }
}
