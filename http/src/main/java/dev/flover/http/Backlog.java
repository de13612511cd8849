package dev.flover.http;

import dev.flover.http.openai.ApiError;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/// How many requests wait for their first token, as far as a bridge can see, and how fast they get it.
///
/// What can be seen is what this bridge sent, and what the pipelines have not read yet.
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

    /// @param lag   requests that were not read yet
    /// @param clock nanoseconds from any origin
    Backlog(int most, LongSupplier lag, LongSupplier clock) {
        this.most = most;
        this.lag = lag;
        this.clock = clock;
        second = clock.getAsLong() / 1_000_000_000;
    }

    /// @throws ApiError if more wait than may
    void requireRoom() {
        long now = Math.max(lag.getAsLong(), waiting.get());
        if (now >= most) {
            throw ApiError.tooMany(retryAfterS(now), now + " requests wait for their first token, and at most " + most
                    + " may; try again later");
        }
    }

    /// Until half of what may wait does, at the rate of the last seconds.
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

    /// The first token has come.
    synchronized void begun() {
        waiting.decrementAndGet();
        turn();
        begun[(int) (second % SECONDS)]++;
    }

    /// It is no longer waited for.
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
