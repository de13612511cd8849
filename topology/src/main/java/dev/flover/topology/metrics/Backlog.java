package dev.flover.topology.metrics;

/// Estimates how many tokens the requests need that are not answered yet, and how long they take at the present rate.
///
/// ```
///   tokens  = (lag + waiting + half of the live) * mean tokens of an ended request
///   seconds = tokens / rate, where the rate is that of the seconds in which tokens were sent
/// ```
///
/// Both the mean and the rate are exponential means, so that they follow a change of the load within a minute. Written
/// by the stream threads, one at a time; read by any thread.
final class Backlog {
    private static final long LOOK_NANOS = 1_000_000_000;
    private static final double WEIGHT = 0.1;

    private volatile double tokens;
    private volatile double seconds;
    private double meanTokens;
    private double rate;
    private boolean begun;
    private long lookedAt;
    private long seenTokens;
    private long seenEnded;
    private long tokensAtEnd;

    /// Takes in the counters, at most once a second.
    ///
    /// @param sent  tokens sent so far
    /// @param ended requests ended so far
    /// @param open  requests that are not begun: the lag, and the waiting ones
    /// @param live  sequences that are being computed
    synchronized void look(long nanos, long sent, long ended, long open, int live) {
        if (begun && nanos - lookedAt < LOOK_NANOS) {
            return;
        }
        if (begun && sent > seenTokens) {
            rate = mean(rate, (sent - seenTokens) * 1e9 / (nanos - lookedAt));
        }
        if (begun && ended > seenEnded) {
            meanTokens = mean(meanTokens, (double) (sent - tokensAtEnd) / (ended - seenEnded));
            tokensAtEnd = sent;
        } else if (!begun) {
            tokensAtEnd = sent;
        }
        begun = true;
        lookedAt = nanos;
        seenTokens = sent;
        seenEnded = ended;
        // before the first request has ended, those that are computed give a lower bound
        double each = meanTokens > 0 ? meanTokens : Math.max(1.0, (double) sent / Math.max(1, live));
        tokens = (open + live / 2.0) * each;
        seconds = rate == 0 ? 0 : tokens / rate;
    }

    private static double mean(double before, double now) {
        return before == 0 ? now : before + WEIGHT * (now - before);
    }

    double tokens() {
        return tokens;
    }

    /// The time in seconds; 0 until a rate is known.
    double seconds() {
        return seconds;
    }
}
