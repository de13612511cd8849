package dev.flover.topology.generation;

import dev.flover.topology.metrics.PipelineMetrics;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Remembers in which partition each of the process's latest 50 000 ids came, and logs and counts an id that comes in a
/// second partition.
///
/// A partition knows only its own ids: the same id in two partitions is two requests, with two answers under one id.
/// This happens where producers use different partitioners. Thread-safe.
public final class IdSightings {
    private static final Logger LOG = LoggerFactory.getLogger(IdSightings.class);
    private static final int REMEMBERED = 50_000;
    private static final long PAUSE_MS = 10_000;

    private final Map<Bytes, Integer> partitions = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Bytes, Integer> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final PipelineMetrics metrics;
    private long saidAt = Long.MIN_VALUE / 2;

    public IdSightings(PipelineMetrics metrics) {
        this.metrics = metrics;
    }

    /// Notes the partition of a request that was read.
    ///
    /// @param name the id as text, for the log
    /// @param now  time in ms
    synchronized void saw(Bytes id, String name, int partition, long now) {
        var before = partitions.put(id, partition);
        if (before == null || before == partition) {
            return;
        }
        metrics.inTwoPartitions();
        if (now - saidAt >= PAUSE_MS) {
            saidAt = now;
            LOG.warn("the id {} came in partition {} and in partition {}: it gets two answers. All producers have to "
                    + "use one partitioner, murmur2 of the key as Java's does; flover.requests.two.partitions counts "
                    + "such ids", name, before,
                    partition);
        }
    }
}
