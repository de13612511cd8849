package dev.flover.topology.streams;

import java.time.Duration;
import java.util.Locale;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The transaction timeout: the configured one while commits are quick, longer while a quota or a slow broker holds
/// them up, and the configured one again a minute after.
///
/// ```
///   a commit came near the limit ─► four times what it took
///   the limit was passed         ─► four times the limit
///   a minute of quick commits    ─► back
/// ```
///
/// A long timeout has a cost: readers of committed records wait for it where an instance is lost with a transaction
/// open. Thread-safe.
public final class TransactionTime {
    private static final Logger LOG = LoggerFactory.getLogger(TransactionTime.class);
    /// The stream thread has to poll within five minutes.
    private static final long MOST_MS = 240_000;
    private static final int ROOM = 4;
    private static final long WINDOW_NANOS = Duration.ofMinutes(1).toNanos();

    private final LongSupplier clock;
    private final LongPredicate wasSilent;
    private long leastMs;
    private long ms;
    private long mostMs = MOST_MS;
    private long longestMs;
    private long windowBegan;
    private long failedLimitMs;

    /// @param clock     nanoseconds from any origin
    /// @param wasSilent whether no broker answered at some moment of a period, given in milliseconds up to now; a
    ///                  commit that failed then does not tell how long commits take
    public TransactionTime(LongSupplier clock, LongPredicate wasSilent) {
        this.clock = clock;
        this.wasSilent = wasSilent;
        windowBegan = clock.getAsLong();
    }

    /// @param ms the configured timeout, which is the shortest
    synchronized void atLeast(long ms) {
        leastMs = ms;
        this.ms = Math.max(this.ms, ms);
    }

    public synchronized long ms() {
        return ms;
    }

    /// A transaction was committed.
    ///
    /// @param lastedMs since its first record
    synchronized void committed(long lastedMs) {
        failedLimitMs = 0;
        longestMs = Math.max(longestMs, lastedMs);
        if (lastedMs + lastedMs / 2 > ms && grow(ROOM * lastedMs)) {
            LOG.warn("a transaction took {} s{}", seconds(lastedMs), consequence());
        }
        if (clock.getAsLong() - windowBegan >= WINDOW_NANOS) {
            long wanted = Math.max(leastMs, ROOM * longestMs);
            if (2 * wanted <= ms) {
                ms = wanted;
                LOG.info("commits are quick again: a transaction may last {} s from now on", seconds(ms));
            }
            beginWindow();
        }
    }

    /// A transaction could not be committed.
    ///
    /// @param lastedMs since its first record
    /// @param allowedMs its limit
    synchronized void failed(long lastedMs, long allowedMs) {
        if (lastedMs >= allowedMs && failedLimitMs != allowedMs) {
            failedLimitMs = allowedMs;
            if (wasSilent.test(lastedMs)) {
                LOG.warn("no broker answered, and a transaction was not committed within the {} s that it may last: "
                        + "what it said is computed again", seconds(allowedMs));
                return;
            }
            grow(ROOM * allowedMs);
            LOG.warn("a transaction was not committed within the {} s that it may last, and what it said is computed "
                    + "again{}", seconds(allowedMs), consequence());
        }
    }

    /// The cluster does not allow a longer timeout.
    synchronized void refused(long allowedMs) {
        mostMs = Math.max(leastMs, allowedMs);
        ms = mostMs;
    }

    private boolean grow(long wantedMs) {
        beginWindow();
        long before = ms;
        ms = Math.max(ms, Math.min(mostMs, wantedMs));
        return ms > before;
    }

    private String consequence() {
        return "; from now on one may last " + seconds(ms) + " s, and so long readers wait for an instance that is "
                + "lost. Look for a quota on the pipeline's producer, or a slow broker";
    }

    private static String seconds(long ms) {
        return String.format(Locale.ROOT, "%.1f", ms / 1000.0);
    }

    private void beginWindow() {
        longestMs = 0;
        windowBegan = clock.getAsLong();
    }
}
