package dev.flover.topology.weather;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reports of partitions and services that have stood still for too long, for log, health and metrics. Thread-safe.
public final class Standstill {
    private static final Logger LOG = LoggerFactory.getLogger(Standstill.class);
    private static final String BROKERS = "the brokers";

    private final Map<String, Said> said = new ConcurrentSkipListMap<>();
    private volatile double silentSeconds;
    private volatile boolean silent;
    private volatile long silentNanos;

    /// @param stalls whether a whole partition waits
    private record Said(String sentence, boolean stalls) {}

    /// Reports a standstill; logged the first time.
    ///
    /// @param subject identifies it, also in the log when it is over
    public void say(String subject, String sentence, boolean stalls) {
        if (said.put(subject, new Said(sentence, stalls)) == null) {
            LOG.warn(sentence);
        }
    }

    /// The standstill is over, or the partition has gone to another instance.
    public void over(String subject) {
        if (said.remove(subject) != null) {
            LOG.info("{}: nothing stands still there any more", subject);
        }
    }

    /// It is not watched any more.
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

    /// @param seconds 0 where a broker has just answered
    void silentFor(double seconds) {
        silentSeconds = seconds;
    }

    /// Whether no broker answered (as opposed to slowly) at some moment of the last `ms` milliseconds.
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
