package dev.flover.topology.streams;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How far the state of the partitions has been read from their changelogs. Any thread may ask.
///
/// A long restoration is logged every ten seconds.
public final class RestoreProgress implements StateRestoreListener {
    private static final Logger LOG = LoggerFactory.getLogger(RestoreProgress.class);
    private static final Duration EVERY = Duration.ofSeconds(10);

    private final Map<TopicPartition, Part> parts = new ConcurrentHashMap<>();
    private final LongSupplier clock;
    private volatile long saidAt;

    /// The records of one changelog partition.
    private record Part(long all, long done) {
        long left() {
            return Math.max(0, all - done);
        }
    }

    /// @param clock a monotonic clock in nanoseconds
    public RestoreProgress(LongSupplier clock) {
        this.clock = clock;
        saidAt = clock.getAsLong();
    }

    @Override
    public void onRestoreStart(TopicPartition changelog, String store, long begin, long end) {
        if (parts.isEmpty()) {
            saidAt = clock.getAsLong();
        }
        parts.put(changelog, new Part(end - begin, 0));
    }

    @Override
    public void onBatchRestored(TopicPartition changelog, String store, long offset, long count) {
        parts.computeIfPresent(changelog, (key, part) -> new Part(part.all(), part.done() + count));
        long now = clock.getAsLong();
        if (now - saidAt >= EVERY.toNanos()) {
            saidAt = now;
            LOG.info(sentence());
        }
    }

    @Override
    public void onRestoreEnd(TopicPartition changelog, String store, long count) {
        parts.remove(changelog);
    }

    @Override
    public void onRestoreSuspended(TopicPartition changelog, String store, long count) {
        parts.remove(changelog);
    }

    /// Forgets the progress of an earlier life of Kafka Streams.
    public void clear() {
        parts.clear();
    }

    /// The records that are still to be read, by the number of the partition; without the partitions that are restored.
    public Map<Integer, Long> left() {
        var left = new TreeMap<Integer, Long>();
        parts.forEach((changelog, part) -> left.merge(changelog.partition(), part.left(), Long::sum));
        return left;
    }

    /// The progress in words.
    String sentence() {
        long all = parts.values().stream().mapToLong(Part::all).sum();
        long left = parts.values().stream().mapToLong(Part::left).sum();
        return String.format(Locale.ROOT,
                "restoring the state of %d partitions: %,d of %,d records are read", left().size(),
                all - left, all);
    }
}
