package dev.flover.topology.streams;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.records.BoundedRecords;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/// The properties of Kafka Streams, with reasons. The user's client properties override them.
public final class StreamsProperties {
    /// While nothing happens: a hundred polls a second, for deadlines and timers.
    private static final long LONGEST_POLL_MS = 10;
    private static final long LONGEST_LINGER_MS = 1_000;
    private static final long LEAST_STREAMS_COMMIT_MS = 1_000;
    private static final long LEAST_TRANSACTION_TIMEOUT_MS = 3_000;
    private static final int RETRY_BACKOFF_MS = 2;

    private StreamsProperties() {}

    /// @param instance names this process to the group, the same at each start from one state folder
    public static Properties of(PipelineConfig config, String instance) {
        var properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, config.applicationId());
        // Else clients have random names at each start, by which nobody can set a quota or find a series of metrics.
        properties.put(StreamsConfig.CLIENT_ID_CONFIG, config.applicationId());
        properties.put(StreamsConfig.STATE_DIR_CONFIG, config.stateDir().toString());
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                config.delivery() == Delivery.EXACTLY_ONCE
                        ? StreamsConfig.EXACTLY_ONCE_V2
                        : StreamsConfig.AT_LEAST_ONCE);
        // One engine, so one thread: all partitions share its steps.
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        // A step that ends, or a record that comes, ends a poll before its time: see StepSignal.
        properties.put(StreamsConfig.POLL_MS_CONFIG, pollMs(config.pace()));
        // What has changed is committed when Commits says so; this is for what was only read.
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, streamsCommitMs(config.pace()));
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        // Beyond the waiting room little may be in memory: lag is the queue.
        properties.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 200);
        properties.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 200);
        // The state is small: a partition moves at once instead of warming up elsewhere for ten minutes.
        properties.put(StreamsConfig.ACCEPTABLE_RECOVERY_LAG_CONFIG, Long.MAX_VALUE);
        // There is no global store; without this, Streams warns at each start.
        properties.put("processing.exception.handler.global.enabled", true);
        producer(properties, config);
        // A restart from the same folder takes its partitions back without waiting for the session to end.
        properties.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), instance);
        properties.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 10_000);
        // The others learn that somebody was lost with their next heartbeat.
        properties.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 1_000);
        properties.putAll(config.kafka());
        return properties;
    }

    /// A commit may be late by one poll, so that it should be short beside the interval.
    private static long pollMs(Pace pace) {
        return Math.clamp(pace.commitInterval().toMillis() / 5, 1, LONGEST_POLL_MS);
    }

    private static long streamsCommitMs(Pace pace) {
        return Math.max(pace.commitInterval().toMillis(), LEAST_STREAMS_COMMIT_MS);
    }

    private static int lingerMs(Pace pace) {
        return (int) Math.min(pace.commitInterval().toMillis(), LONGEST_LINGER_MS);
    }

    private static void producer(Properties properties, PipelineConfig config) {
        var pace = config.pace();
        // Streams would let each token wait 100 ms for company. Readers of transactions wait for the commit, which
        // sends what lingers: until then a batch may fill.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG),
                config.delivery() == Delivery.EXACTLY_ONCE ? lingerMs(pace) : 0);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
                BoundedRecords.MAX_RECORD_BYTES);
        // After a crash, readers of committed tokens wait for the open transaction this long.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
                (int) Math.max(LEAST_TRANSACTION_TIMEOUT_MS, 2 * streamsCommitMs(pace)));
        // What cannot be delivered for so long belongs to a transaction that was aborted long ago: rather than wait two
        // minutes in silence, as the default is, the task begins again from what is committed.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG), 10_000);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG), 15_000);
        // A commit that meets the end markers of the one before is tried again. They take a millisecond or two; the
        // stream thread would wait for a hundred.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.RETRY_BACKOFF_MS_CONFIG), RETRY_BACKOFF_MS);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "none");
    }
}
