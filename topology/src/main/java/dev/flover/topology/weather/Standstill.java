package dev.flover.topology.weather;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Collects reports of partitions and services that have stood still for too long, for the log, health and metrics.
/// Thread-safe.
public final class Standstill {
    private static final Logger LOG = LoggerFactory.getLogger(Standstill.class);
    private static final String BROKERS = "the brokers";

    private final Map<String, Said> said = new ConcurrentSkipListMap<>();
    private volatile double silentSeconds;
    private volatile boolean silent;
    private volatile long silentNanos;

    /// @param stalls whether a whole partition is held up
    private record Said(String sentence, boolean stalls) {}

    /// Reports a standstill. Only its first report is logged, until it is over.
    ///
    /// @param subject  identifies the standstill, also in the log when it is over
    /// @param sentence describes it, for the log and for health
    /// @param stalls   whether a whole partition is held up
    public void say(String subject, String sentence, boolean stalls) {
        if (said.put(subject, new Said(sentence, stalls)) == null) {
            LOG.warn(sentence);
        }
    }

    /// Reports that a standstill is over, or that its partition has moved to another instance.
    public void over(String subject) {
        if (said.remove(subject) != null) {
            LOG.info("{}: no longer stalled", subject);
        }
    }

    /// Drops a report without a log line, because its subject is not watched any more.
    public void forget(String subject) {
        said.remove(subject);
    }

    void noBrokerAnswers(String sentence) {
        silent = true;
        silentNanos = System.nanoTime();
        say(BROKERS, sentence, false);
    }

    void aBrokerAnswers() {
        over(BROKERS);
    }

    /// Sets the time since a broker last answered.
    ///
    /// @param seconds 0 where a broker has just answered
    void silentFor(double seconds) {
        silentSeconds = seconds;
    }

    /// Whether, within the last `ms` milliseconds, the brokers were reported as not answering at all, rather than
    /// slowly.
    public boolean wasSilentWithin(long ms) {
        return silent && System.nanoTime() - silentNanos <= TimeUnit.MILLISECONDS.toNanos(ms);
    }

    void isNotWatched() {
        silentSeconds = 0;
        said.remove(BROKERS);
    }

    public boolean isCutOff() {
        return said.containsKey(BROKERS);
    }

    public double silentSeconds() {
        return silentSeconds;
    }

    public long stalledPartitions() {
        return said.values().stream().filter(Said::stalls).count();
    }

    public List<String> sentences() {
        return said.values().stream().map(Said::sentence).toList();
    }
}
