package dev.flover.http;

import dev.flover.http.openai.ApiError;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/// Limits the number of requests that wait for their first token, and estimates when a refused client should retry.
///
/// A bridge knows the requests that it wrote itself, and the lag of the requests topic, which includes those of other
/// bridges.
final class Backlog {
    private static final int SECONDS = 10;
    private static final int MOST_RETRY_S = 120;
    private static final int USUAL_RETRY_S = 5;

    private final int most;
    private final LongSupplier lag;
    private final LongSupplier clock;
    private final AtomicInteger waiting = new AtomicInteger();
    private final int[] begun = new int[SECONDS];
    private long second;

    /// @param most  the most requests that may wait
    /// @param lag   returns the number of requests on the topic that no pipeline has read
    /// @param clock returns ns from any origin
    Backlog(int most, LongSupplier lag, LongSupplier clock) {
        this.most = most;
        this.lag = lag;
        this.clock = clock;
        second = clock.getAsLong() / 1_000_000_000;
    }

    /// @throws ApiError with status 429 if the most requests wait already
    void requireRoom() {
        long now = Math.max(lag.getAsLong(), waiting.get());
        if (now >= most) {
            throw ApiError.tooMany(retryAfterS(now), now + " requests wait for their first token, and at most " + most
                    + " may; try again later");
        }
    }

    /// Returns the seconds until only half of the most requests wait, at the rate of the last ten seconds.
    private synchronized int retryAfterS(long now) {
        turn();
        int lately = 0;
        for (int count : begun) {
            lately += count;
        }
        return lately == 0 ? USUAL_RETRY_S
                : Math.clamp((now - most / 2) * SECONDS / lately, 1, MOST_RETRY_S);
    }

    void sent() {
        waiting.incrementAndGet();
    }

    /// Records that a request got its first token.
    synchronized void begun() {
        waiting.decrementAndGet();
        turn();
        begun[(int) (second % SECONDS)]++;
    }

    /// Records that a client no longer waits for its first token.
    void left() {
        waiting.decrementAndGet();
    }

    private void turn() {
        long now = clock.getAsLong() / 1_000_000_000;
        for (long passed = Math.min(now - second, SECONDS); passed > 0; passed--) {
            begun[(int) ((now - passed + 1) % SECONDS)] = 0;
        }
        second = now;
    }
}
