package dev.flover.topology.parking;

import dev.flover.topology.config.PipelineConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads ahead in partitions that are held back, for cancels only. Otherwise a parked request that holds back its
/// partition could not be cancelled, because the cancel is behind it. Each cancel is read again in its turn, and has no
/// effect then.
///
/// ```
///   requests-0   r r r r │ x x c x x       r handled or waiting, x not read yet, c a cancel of one that waits
///              held here ┘
/// ```
///
/// Reading runs on a thread of its own, which lives while a partition is held back. All other methods are called by
/// the stream threads.
public final class CancelsAhead implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CancelsAhead.class);
    private static final List<String> OTHER_CLIENTS =
            List.of("producer.", "main.consumer.", "restore.consumer.", "global.consumer.", "admin.");
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long PAUSE_NANOS = 1_000_000_000L;
    private static final int MOST_FOUND = 10_000;

    private final Map<String, String> kafka;
    private final Map<TopicPartition, Ahead> partitions = new ConcurrentHashMap<>();
    private @Nullable Thread thread;
    private volatile boolean closed;

    /// The search in a partition that is paused, whose records are read ahead to find cancels.
    ///
    /// @param from  the first offset to read
    /// @param found keys of cancels that were found and not taken yet
    private record Ahead(long from, Queue<Bytes> found) {}

    public CancelsAhead(PipelineConfig config) {
        kafka = config.kafka();
    }

    /// Begins to read a partition.
    ///
    /// @param from the first offset that is not handled yet
    public synchronized void begin(TopicPartition partition, long from) {
        if (partitions.putIfAbsent(partition, new Ahead(from, new ConcurrentLinkedQueue<>())) == null
                && (thread == null || !thread.isAlive())) {
            thread = Thread.ofPlatform().daemon().name("flover-cancels").start(this::run);
        }
    }

    /// Takes the key of a cancel that was found; null where none is left.
    public @Nullable Bytes take(TopicPartition partition) {
        var ahead = partitions.get(partition);
        return ahead == null ? null : ahead.found().poll();
    }

    public void end(TopicPartition partition) {
        partitions.remove(partition);
    }

    private void run() {
        boolean troubled = false;
        while (!closed && !partitions.isEmpty()) {
            try (var consumer = consumer()) {
                Map<TopicPartition, Ahead> read = Map.of();
                while (!closed && !partitions.isEmpty()) {
                    read = follow(consumer, read);
                    consumer.poll(POLL).forEach(record -> {
                        var ahead = partitions.get(new TopicPartition(record.topic(), record.partition()));
                        if (record.value() == null && record.key() != null && ahead != null) {
                            ahead.found().add(Bytes.wrap(record.key()));
                        }
                    });
                    troubled = false;
                }
            } catch (KafkaException e) {
                if (!troubled) {
                    troubled = true;
                    LOG.warn("cancels of requests that wait for their schema cannot be read ahead now: "
                            + "{}", e.getMessage());
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    /// Assigns to the consumer the partitions that are still held back, and pauses those with too many cancels that
    /// were not taken yet.
    ///
    /// @param read the partitions that the consumer had so far
    private Map<TopicPartition, Ahead> follow(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Ahead> read) {
        var held = Map.copyOf(partitions);
        if (!held.equals(read)) {
            var positions = new HashMap<TopicPartition, Long>();
            held.forEach((partition, ahead) -> positions.put(partition,
                    ahead.equals(read.get(partition)) ? consumer.position(partition) : ahead.from()));
            consumer.assign(held.keySet());
            positions.forEach(consumer::seek);
        }
        held.forEach((partition, ahead) -> {
            if (ahead.found().size() > MOST_FOUND) {
                consumer.pause(List.of(partition));
            } else {
                consumer.resume(List.of(partition));
            }
        });
        return held;
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        var properties = new HashMap<String, Object>(kafka);
        properties.keySet().removeIf(name -> OTHER_CLIENTS.stream().anyMatch(name::startsWith));
        properties.putAll(Map.of("isolation.level", "read_committed", "enable.auto.commit", false,
                "auto.offset.reset", "earliest", "allow.auto.create.topics", false, "max.poll.records", 200));
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public void close() {
        closed = true;
    }
}
