package dev.flover.topology.streams;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.records.BoundedRecords;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/// The properties of Kafka Streams, with the reasons for them. The user's client properties override them.
public final class StreamsProperties {
    /// The longest poll, in ms, while nothing happens: a hundred polls a second serve deadlines and timers.
    private static final long LONGEST_POLL_MS = 10;
    private static final long LONGEST_LINGER_MS = 1_000;
    private static final long LEAST_STREAMS_COMMIT_MS = 1_000;
    private static final long LEAST_TRANSACTION_TIMEOUT_MS = 3_000;
    private static final int RETRY_BACKOFF_MS = 2;

    private StreamsProperties() {}

    /// The properties.
    ///
    /// @param instance the process's name in the consumer group, the same at each start from one state folder
    /// @param threads  the number of stream threads
    public static Properties of(PipelineConfig config, String instance, int threads) {
        var properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, config.applicationId());
        // Without a client id, clients have random names at each start, which no quota and no metric can refer to.
        properties.put(StreamsConfig.CLIENT_ID_CONFIG, config.applicationId());
        properties.put(StreamsConfig.STATE_DIR_CONFIG, config.stateDir().toString());
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                config.delivery() == Delivery.EXACTLY_ONCE
                        ? StreamsConfig.EXACTLY_ONCE_V2
                        : StreamsConfig.AT_LEAST_ONCE);
        // All partitions of a thread share the steps of one engine, which that thread calls.
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        // The end of a step, or a record, ends a poll before its time: see StepSignal.
        properties.put(StreamsConfig.POLL_MS_CONFIG, pollMs(config.pace()));
        // Commits decides when changes are committed; this timer is for offsets of records that changed nothing.
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, streamsCommitMs(config.pace()));
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        // Few records may be buffered in memory besides the waiting room: further ones wait in the topic as lag.
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
        // The other members learn of a lost member by their next heartbeat.
        properties.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 1_000);
        properties.putAll(config.kafka());
        return properties;
    }

    /// The longest poll in ms. A poll may delay a commit by its length, so that it has to be short compared to the
    /// interval.
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
        // Streams would let each token wait 100 ms for others to share its batch. Readers of transactions wait for the
        // commit, which sends all batches: until then a batch may fill.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG),
                config.delivery() == Delivery.EXACTLY_ONCE ? lingerMs(pace) : 0);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
                BoundedRecords.MAX_RECORD_BYTES);
        // After a crash, readers of committed tokens wait for the open transaction this long.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
                (int) Math.max(LEAST_TRANSACTION_TIMEOUT_MS, 2 * streamsCommitMs(pace)));
        // A record that cannot be delivered for this long belongs to a transaction that was aborted long ago: rather
        // than wait two minutes without a message, which is the default, the task begins again from the committed
        // state.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG), 10_000);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG), 15_000);
        // A commit that comes while the end markers of the previous one are being written is retried. They take a
        // millisecond or two; by default the stream thread would wait a hundred.
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.RETRY_BACKOFF_MS_CONFIG), RETRY_BACKOFF_MS);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "none");
    }
}
