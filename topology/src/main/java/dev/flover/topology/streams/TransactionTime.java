package dev.flover.topology.streams;

import java.time.Duration;
import java.util.Locale;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The transaction timeout: the configured one while commits are quick, a longer one while a quota or a slow broker
/// delays them, and the configured one again after a minute of quick commits.
///
/// ```
///   a commit came near the limit ─► four times what it took
///   the limit was passed         ─► four times the limit
///   a minute of quick commits    ─► back
/// ```
///
/// A long timeout has a cost: when an instance is lost with an open transaction, readers of committed records wait for
/// the timeout. Thread-safe.
public final class TransactionTime {
    private static final Logger LOG = LoggerFactory.getLogger(TransactionTime.class);
    /// The longest timeout in ms; it is below the five minutes within which the stream thread has to poll.
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

    /// @param clock     a monotonic clock in nanoseconds
    /// @param wasSilent whether, at some moment within the last given milliseconds, no broker answered; a commit that
    ///                  failed in such a period does not tell how long commits take
    public TransactionTime(LongSupplier clock, LongPredicate wasSilent) {
        this.clock = clock;
        this.wasSilent = wasSilent;
        windowBegan = clock.getAsLong();
    }

    /// Sets the shortest timeout.
    ///
    /// @param ms the configured timeout
    synchronized void atLeast(long ms) {
        leastMs = ms;
        this.ms = Math.max(this.ms, ms);
    }

    public synchronized long ms() {
        return ms;
    }

    /// Notes that a transaction was committed.
    ///
    /// @param lastedMs time since its first record
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

    /// Notes that a transaction could not be committed.
    ///
    /// @param lastedMs  time since its first record
    /// @param allowedMs the timeout that it had
    synchronized void failed(long lastedMs, long allowedMs) {
        if (lastedMs >= allowedMs && failedLimitMs != allowedMs) {
            failedLimitMs = allowedMs;
            if (wasSilent.test(lastedMs)) {
                LOG.warn("no broker answered, and a transaction was not committed within the {} s that it may last: "
                        + "its tokens are computed again", seconds(allowedMs));
                return;
            }
            grow(ROOM * allowedMs);
            LOG.warn("a transaction was not committed within the {} s that it may last, and its tokens are computed "
                    + "again{}", seconds(allowedMs), consequence());
        }
    }

    /// Notes that the cluster allows no longer timeout than this one.
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
        return "; from now on a transaction may last " + seconds(ms) + " s, which is also how long readers wait "
                + "for a lost instance. Check for a quota on the pipeline's producer, or a slow broker";
    }

    private static String seconds(long ms) {
        return String.format(Locale.ROOT, "%.1f", ms / 1000.0);
    }

    private void beginWindow() {
        longestMs = 0;
        windowBegan = clock.getAsLong();
    }
}
