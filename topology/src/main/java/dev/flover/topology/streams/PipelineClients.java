package dev.flover.topology.streams;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.records.BoundedRecords;
import dev.flover.topology.records.ReturnedHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/// Creates the Kafka clients of the stream threads with five additions: the transactional id is the same in each life;
/// the producer is a [FollowingProducer]; [EarlySends] can send its buffered records before a commit; no records are
/// fetched from held partitions; and while the thread's engine computes steps, a poll without records sleeps until a
/// step has ended.
public final class PipelineClients implements KafkaClientSupplier {
    /// The longest sleep while steps are in progress and no slot is free. After it, deadlines and cancellations are
    /// checked. A check takes the stream thread a third of a millisecond, because a step evicts the thread's data from
    /// the CPU's caches.
    private static final Duration LONGEST_SLEEP = Duration.ofMillis(50);

    private final TransactionTime transactionTime;
    private final List<OfThread> threads;
    private final Duration tick;
    private final int requestBytes;
    private final boolean allowsTopics;
    private final OtherTopics others;
    private final String deadLetters;
    private final ReturnedHeaders.Rules returned;

    /// The properties of the clients of one stream thread.
    ///
    /// @param transactionalId of the thread's producer; the same in each life that begins from one state folder
    private record OfThread(String transactionalId, ThreadSignals signals) {}

    /// @param transactionalId of the producer of the first stream thread; those of further threads have a number behind
    ///                        it. The same in each life that begins from one state folder
    /// @param transactionTime knows how long commits have taken, also in earlier lives
    /// @param threads         one for each stream thread
    /// @param others          the topics of other applications that requests name
    public PipelineClients(String transactionalId, TransactionTime transactionTime, List<ThreadSignals> threads,
            OtherTopics others, PipelineConfig config) {
        this.transactionTime = transactionTime;
        this.threads = IntStream.range(0, threads.size()).mapToObj(thread -> new OfThread(
                transactionalId + (thread == 0 ? "" : "-" + (thread + 1)), threads.get(thread))).toList();
        tick = config.pace().tick();
        requestBytes = config.limits().requestBytes();
        allowsTopics = config.limits().mentions().allowTopics();
        this.others = others;
        deadLetters = config.topics().deadLetters();
        returned = new ReturnedHeaders.Rules(config.limits().headers());
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        return Admin.create(config);
    }

    /// Creates a producer with the same transactional id in each life, where Kafka Streams would choose a new one. With
    /// the same id, a life begins by ending the transaction that a killed process left open. Otherwise readers, and the
    /// restoration of the state, would wait for its timeout.
    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        var named = new HashMap<>(config);
        var thread = StreamThreads.owner(config, threads);
        named.replace(ProducerConfig.TRANSACTIONAL_ID_CONFIG, thread.transactionalId());
        return new FollowingProducer(own -> producer(own, thread.signals().early()), named, transactionTime,
                thread.signals().commits(), allowsTopics ? new SparedRecords(others, deadLetters) : null);
    }

    private static Producer<byte[], byte[]> producer(Map<String, Object> config, EarlySends early) {
        var producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        early.by(producer::flush);
        return producer;
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        var signals = StreamThreads.owner(config, threads).signals();
        var commits = signals.commits();
        var holds = signals.holds();
        var steps = signals.steps();
        return new KafkaConsumer<>(config, BoundedRecords.keys(returned::isNeeded),
                BoundedRecords.values(requestBytes, returned::isNeeded)) {
            @Override
            public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
                commits.passEnds();
                applyHolds(this, holds);
                if (timeout.isZero() || !steps.isStepUnderWay()) {
                    return super.poll(timeout);
                }
                var records = super.poll(Duration.ZERO);
                if (!records.isEmpty()) {
                    return records;
                }
                if (steps.isFull()) {
                    steps.await(longer(timeout, commits.untilDue(LONGEST_SLEEP)), tick);
                    return ConsumerRecords.empty();     // no slot is free: new requests could not join sooner
                }
                steps.await(timeout, tick);
                return super.poll(Duration.ZERO);
            }

            @Override
            public void resume(Collection<TopicPartition> partitions) {
                var allowed = new ArrayList<>(partitions);
                allowed.removeIf(holds::isHeld);
                super.resume(allowed);
            }
        };
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private static void applyHolds(Consumer<byte[], byte[]> consumer, PartitionHolds holds) {
        if (holds.isIdle()) {
            return;
        }
        var assigned = consumer.assignment();
        var held = holds.heldOf(assigned);
        held.removeAll(consumer.paused());
        if (!held.isEmpty()) {
            consumer.pause(held);
        }
        var released = holds.takeReleasedOf(assigned);
        if (!released.isEmpty()) {
            consumer.resume(released);
        }
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
