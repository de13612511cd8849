package dev.flover.benchmarks.delivery;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads whole topics from their beginning on a thread of its own, and passes each record to a reader.
final class Witness implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Consumer<ConsumerRecord<byte[], byte[]>> reader;
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
    private final Thread thread;

    /// @param isolation `read_committed` or `read_uncommitted`
    /// @param reader    called for each record, in the order of its partition
    Witness(Connection connection, String isolation, List<String> topics,
            Consumer<ConsumerRecord<byte[], byte[]>> reader) {
        this.reader = reader;
        var properties = new HashMap<String, Object>(Map.of("isolation.level", isolation, "enable.auto.commit", false,
                "auto.offset.reset", "earliest", "fetch.max.wait.ms", 50, "allow.auto.create.topics", false));
        properties.putAll(connection.kafka());
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var partitions = topics.stream()
                .flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        thread = Thread.ofPlatform().daemon().name(isolation).start(this::read);
    }

    private void read() {
        try (consumer) {
            while (true) {
                consumer.poll(POLL).forEach(reader);
            }
        } catch (WakeupException e) {
            return;      // the witness was closed
        } catch (RuntimeException e) {
            failure.set(e);
        }
    }

    /// @throws CommandException if reading has failed
    void throwIfFailed() {
        var e = failure.get();
        if (e != null) {
            throw new CommandException("reading what the pipeline wrote failed: " + CommandException.reason(e), e);
        }
    }

    @Override
    public void close() {
        consumer.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
