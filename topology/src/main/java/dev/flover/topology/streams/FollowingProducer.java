package dev.flover.topology.streams;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.jspecify.annotations.Nullable;

/// The producer of Kafka Streams, with three additions: writes and commits are reported to [Commits]; the timeouts of
/// transactions follow the duration of commits; and topics of other applications cannot abort a transaction
/// ([SparedRecords]).
///
/// Kafka's producers cannot change their timeouts. When they should change, a new producer with the same transactional
/// id therefore replaces the old one between two transactions:
///
/// ```
///   begin ─ send ─ commit │ begin ─ send ─ commit took long │ new producer: begin ─ send ─ commit
/// ```
final class FollowingProducer implements Producer<byte[], byte[]>, SparedRecords.Transaction {
    private static final long NONE = -1;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

    private final Function<Map<String, Object>, Producer<byte[], byte[]>> making;
    private final Map<String, Object> config;
    private final TransactionTime time;
    private final Commits commits;
    private final @Nullable SparedRecords spared;
    private final boolean transactional;
    private Producer<byte[], byte[]> current;
    private volatile long allowedMs;
    private volatile boolean begun;
    private volatile long begunNanos;

    /// @param making  creates a producer with given properties
    /// @param config  the producer's properties; with `transactional.id`, `transaction.timeout.ms` is the shortest
    ///                timeout to use
    /// @param time    decides how long a transaction may last
    /// @param commits is told of every write and commit
    /// @param spared  the records for topics of other applications; null where there are none
    FollowingProducer(Function<Map<String, Object>, Producer<byte[], byte[]>> making, Map<String, Object> config,
            TransactionTime time, Commits commits, @Nullable SparedRecords spared) {
        this.making = making;
        this.config = config;
        this.time = time;
        this.commits = commits;
        this.spared = spared;
        transactional = config.containsKey(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
        if (transactional) {
            time.atLeast(configured(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 0));
        }
        make();
    }

    private long configured(String name, long otherwise) {
        var value = config.get(name);
        return value == null ? otherwise : Long.parseLong(value.toString());
    }

    private void make() {
        var own = new HashMap<>(config);
        if (transactional) {
            allowedMs = time.ms();
            own.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) allowedMs);
            // A timeout shorter than the transaction's would end one that could still be committed.
            raise(own, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, allowedMs);
            raise(own, ProducerConfig.MAX_BLOCK_MS_CONFIG, allowedMs);
            raise(own, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, allowedMs / 2);
        }
        current = making.apply(own);
    }

    private void raise(Map<String, Object> own, String name, long least) {
        if (allowedMs > configured(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 0)) {
            own.put(name, (int) Math.max(configured(name, 0), least));
        }
    }

    @Override
    public void initTransactions() {
        try {
            current.initTransactions();
        } catch (InvalidTxnTimeoutException e) {        // the cluster allows only shorter timeouts
            time.refused(configured(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, allowedMs));
            throw e;
        }
    }

    @Override
    public void beginTransaction() {
        if (time.ms() != allowedMs) {
            replace();
        }
        forgetSent();
        begun = false;
        current.beginTransaction();
    }

    /// Replaces the producer. With the same transactional id, the new one ends a transaction that the old one has left
    /// open.
    private void replace() {
        current.close(Duration.ZERO);
        make();
        if (transactional) {
            initTransactions();
        }
    }

    @Override
    public Producer<byte[], byte[]> producer() {
        return current;
    }

    @Override
    public void renew() {
        replace();
        if (transactional) {
            current.beginTransaction();
        }
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
        return send(record, null);
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
        commits.changed();
        if (!begun) {
            begunNanos = System.nanoTime();
            begun = true;
        }
        if (spared != null && spared.hold(record)) {
            return new CompletableFuture<>();       // sent before the commit; Kafka Streams looks at callbacks alone
        }
        Callback reporting = (written, problem) -> {
            if (problem != null) {
                failed();
            }
            if (callback != null) {
                callback.onCompletion(written, problem);
            }
        };
        if (spared != null && transactional) {
            spared.sent(record, reporting);
        }
        return current.send(record, reporting);
    }

    private long lastedMs() {
        return begun ? TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos) : NONE;
    }

    private void failed() {
        if (transactional) {
            time.failed(lastedMs(), allowedMs);
        }
    }

    @Override
    public void flush() {
        commits.begins();
        current.flush();
        settle();
        if (!transactional) {
            forgetSent();
            commits.committed();
        }
    }

    private void settle() {
        if (spared != null) {
            spared.settle(this);
        }
    }

    private void forgetSent() {
        if (spared != null) {
            spared.clear();
        }
    }

    @Override
    public void sendOffsetsToTransaction(
            Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata groupMetadata) {
        counted(() -> current.sendOffsetsToTransaction(offsets, groupMetadata));
    }

    @Override
    public void commitTransaction() {
        counted(() -> current.commitTransaction());
        forgetSent();
        commits.committed();
        if (begun) {
            time.committed(lastedMs());
        }
    }

    private void counted(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            failed();
            throw e;
        }
    }

    @Override
    public void abortTransaction() {
        forgetSent();
        current.abortTransaction();
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
        return current.partitionsFor(topic);
    }

    @Override
    public Map<MetricName, ? extends Metric> metrics() {
        return current.metrics();
    }

    @Override
    public Uuid clientInstanceId(Duration timeout) {
        return current.clientInstanceId(timeout);
    }

    @Override
    public void registerMetricForSubscription(KafkaMetric metric) {
        current.registerMetricForSubscription(metric);
    }

    @Override
    public void unregisterMetricFromSubscription(KafkaMetric metric) {
        current.unregisterMetricFromSubscription(metric);
    }

    /// Closes within a bounded time; Kafka Streams would wait for ever for a broker that does not come back.
    @Override
    public void close() {
        close(CLOSE_WITHIN);
    }

    @Override
    public void close(Duration timeout) {
        current.close(timeout);
    }
}
