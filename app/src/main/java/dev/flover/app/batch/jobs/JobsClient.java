package dev.flover.app.batch.jobs;

import dev.flover.app.client.Refusal;
import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Reads and writes the topics of jobs for commands.
public final class JobsClient implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Connection connection;
    private final JobTopics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final JobsView view = new JobsView();
    private long readTo;
    private KafkaProducer<byte[], byte[]> producer;

    public JobsClient(Connection connection, JobTopics topics) {
        this.connection = connection;
        this.topics = topics;
        try {
            consumer = new KafkaConsumer<>(consumerOf(connection), new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
        } catch (KafkaException e) {
            throw Refusal.ofSettings("consumer", e);
        }
    }

    static Map<String, Object> consumerOf(Connection connection) {
        var properties = new HashMap<String, Object>(Map.of(
                "isolation.level", "read_committed", "enable.auto.commit", false, "auto.offset.reset", "earliest",
                "default.api.timeout.ms", 10_000, "request.timeout.ms", 10_000, "allow.auto.create.topics", false));
        properties.putAll(connection.consumer());
        return properties;
    }

    /// Returns all jobs. The second call reads only what is new.
    public JobsView jobs() {
        if (readTo > 0 || exists(topics.jobs())) {
            readTo = read(topics.jobs(), readTo, Long.MAX_VALUE, record -> view.apply(record.key(), record.value()));
        }
        return view;
    }

    /// @throws CommandException if there is no such job
    public JobsView.Known job(String id) {
        var known = jobs().find(id);
        if (known == null) {
            throw new CommandException("there is no job " + id + "; `flover batch list` shows all jobs");
        }
        return known;
    }

    private boolean exists(String topic) {
        try {
            return !consumer.partitionsFor(topic).isEmpty();
        } catch (KafkaException e) {
            throw unreadable(topic, e);
        }
    }

    private static CommandException unreadable(String topic, KafkaException e) {
        return new CommandException("the topic " + topic + " cannot be read: " + Refusal.reason(e), e);
    }

    /// Passes the lines of a job that are not requests to `reader`: JSON of [dev.flover.schemas.lines.BatchError].
    public void wrongLines(Job job, Consumer<byte[]> reader) {
        byte[] begin = (job.id() + "-").getBytes(StandardCharsets.UTF_8);
        if (job.wrong() > 0) {
            read(topics.lines(), job.requestsEnd(), job.end(), record -> {
                if (startsWith(record.key(), begin)) {
                    reader.accept(record.value());
                }
            });
        }
    }

    static boolean startsWith(byte[] key, byte[] begin) {
        return key != null && key.length > begin.length
                && Arrays.equals(key, 0, begin.length, begin, 0, begin.length);
    }

    /// Reads the committed records with offsets in [from, to) of the only partition of a topic, up to its present end.
    ///
    /// @return the offset at which to go on
    private long read(String topic, long from, long to, Consumer<ConsumerRecord<byte[], byte[]>> reader) {
        var partition = new TopicPartition(topic, 0);
        try {
            long end = Math.min(to, end(topic));
            consumer.assign(List.of(partition));
            consumer.seek(partition, from);
            while (consumer.position(partition) < end) {
                for (var record : consumer.poll(POLL)) {
                    if (record.offset() < end) {
                        reader.accept(record);
                    }
                }
            }
            return end;
        } catch (KafkaException e) {
            throw unreadable(topic, e);
        }
    }

    private long end(String topic) {
        var partition = new TopicPartition(topic, 0);
        return consumer.endOffsets(List.of(partition)).get(partition);
    }

    /// Returns the end of the lines topic.
    public long endOfLines() {
        try {
            return end(topics.lines());
        } catch (KafkaException e) {
            throw unreadable(topics.lines(), e);
        }
    }

    /// Writes a record to the lines topic and returns before the broker has it.
    ///
    /// @param failed gets the reason if it could not be written
    public void sendLine(String id, byte[] value, Consumer<Exception> failed) {
        try {
            producer().send(new ProducerRecord<>(topics.lines(), 0, id.getBytes(StandardCharsets.UTF_8), value),
                    (written, failure) -> {
                        if (failure != null) {
                            failed.accept(failure);
                        }
                    });
        } catch (KafkaException e) {
            failed.accept(e);
        }
    }

    /// Waits until the broker has all lines.
    public void flush() {
        producer().flush();
    }

    /// Makes the job known: from then on it is fed.
    public void define(Job job) {
        write(job.id(), JobsView.bytes(job));
    }

    public void order(String job, JobOrder order) {
        write(JobsView.keyOfOrder(job), JobsView.bytes(order));
    }

    private RecordMetadata write(String key, byte[] value) {
        try {
            return producer().send(new ProducerRecord<>(topics.jobs(), 0, key.getBytes(StandardCharsets.UTF_8), value))
                    .get();
        } catch (ExecutionException | KafkaException e) {
            throw new CommandException("the topic " + topics.jobs() + " cannot be written: " + Refusal.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted while the job was written", e);
        }
    }

    private KafkaProducer<byte[], byte[]> producer() {
        if (producer == null) {
            var properties = new HashMap<String, Object>(Map.of(
                    "acks", "all", "linger.ms", 5, "max.block.ms", 15_000, "delivery.timeout.ms", 60_000));
            properties.putAll(connection.producer());
            try {
                producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
            } catch (KafkaException e) {
                throw Refusal.ofSettings("producer", e);
            }
        }
        return producer;
    }

    @Override
    public void close() {
        consumer.close();
        if (producer != null) {
            producer.close();
        }
    }
}
