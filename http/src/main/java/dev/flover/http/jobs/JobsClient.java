package dev.flover.http.jobs;

import dev.flover.http.topics.TopicAccess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
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
import org.jspecify.annotations.Nullable;

/// Reads and writes the topics of jobs. One thread at a time uses it.
public final class JobsClient implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long OPEN_TRANSACTIONS_NANOS = Duration.ofSeconds(10).toNanos();

    private final TopicAccess access;
    private final JobTopics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final JobsView view = new JobsView();
    private @Nullable KafkaConsumer<byte[], byte[]> uncommitted;
    private @Nullable KafkaProducer<byte[], byte[]> producer;
    private boolean exists;
    private long readTo;

    /// @throws JobsException if Kafka's clients cannot be set up
    public JobsClient(TopicAccess access) {
        this.access = access;
        topics = JobTopics.of(access.topics().requests());
        consumer = consumer(access.consumer());
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> properties) {
        try {
            return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException e) {
            throw new JobsException("Kafka's consumer cannot be set up", e);
        }
    }

    public JobTopics topics() {
        return topics;
    }

    /// Returns all jobs and files. Everything that was written before this call is taken in; the second call reads only
    /// what is new.
    public JobsView jobs() {
        if (exists(topics.jobs())) {
            readNew();
        }
        return view;
    }

    /// Reads the jobs topic to its present end. Records behind an open transaction are waited for: each is short.
    private void readNew() {
        var partition = new TopicPartition(topics.jobs(), 0);
        try {
            long end = Objects.requireNonNull(uncommitted().endOffsets(List.of(partition)).get(partition));
            long begin = System.nanoTime();
            consumer.assign(List.of(partition));
            consumer.seek(partition, readTo);
            while (readTo < end && System.nanoTime() - begin < OPEN_TRANSACTIONS_NANOS) {
                consumer.poll(POLL).forEach(view::apply);
                readTo = consumer.position(partition);
            }
        } catch (KafkaException e) {
            throw unreadable(topics.jobs(), e);
        }
    }

    private KafkaConsumer<byte[], byte[]> uncommitted() {
        if (uncommitted == null) {
            uncommitted = consumer(access.uncommitted());
        }
        return uncommitted;
    }

    /// @throws JobsException if there is no such job
    public JobsView.Known job(String id) {
        var known = jobs().find(id);
        if (known == null) {
            throw new JobsException("there is no job " + id + "; `flover batch list` shows all jobs");
        }
        return known;
    }

    private boolean exists(String topic) {
        try {
            exists = exists || !consumer.partitionsFor(topic).isEmpty();
            return exists;
        } catch (KafkaException e) {
            throw unreadable(topic, e);
        }
    }

    private static JobsException unreadable(String topic, KafkaException e) {
        return new JobsException("the topic " + topic + " cannot be read", e);
    }

    /// Passes the lines of a job that are not requests to `reader`: JSON of [dev.flover.schemas.lines.BatchError].
    public void wrongLines(Job job, Consumer<byte[]> reader) {
        byte[] begin = (job.id() + "-").getBytes(StandardCharsets.UTF_8);
        if (job.span().wrong() > 0) {
            read(topics.lines(), job.span().requestsEnd(), job.span().end(), record -> {
                if (startsWith(record.key(), begin)) {
                    reader.accept(record.value());
                }
            });
        }
    }

    public static boolean startsWith(byte[] key, byte[] begin) {
        return key != null && key.length > begin.length
                && Arrays.equals(key, 0, begin.length, begin, 0, begin.length);
    }

    /// Reads the committed records with offsets in [from, to) of the only partition of a topic, up to its present end.
    private void read(String topic, long from, long to, Consumer<ConsumerRecord<byte[], byte[]>> reader) {
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
        } catch (KafkaException e) {
            throw unreadable(topic, e);
        }
    }

    private long end(String topic) {
        var partition = new TopicPartition(topic, 0);
        return Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition));
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
    void sendLine(String id, byte[] value, Consumer<Exception> failed) {
        try {
            producer().send(record(topics.lines(), id, value), (written, failure) -> {
                if (failure != null) {
                    failed.accept(failure);
                }
            });
        } catch (KafkaException e) {
            failed.accept(e);
        }
    }

    /// Waits until the broker has all lines.
    void flush() {
        producer().flush();
    }

    /// Writes a chunk of a file and returns before the broker has it.
    Future<RecordMetadata> sendChunk(String key, byte[] value) {
        return send(topics.files(), key, value);
    }

    /// Makes the job known: from then on it is fed.
    public void define(Job job) {
        await(topics.jobs(), List.of(send(topics.jobs(), job.id(), JobsView.bytes(job))));
    }

    /// Makes a file known, or hides a job's output.
    public void define(StoredFile file) {
        await(topics.jobs(), List.of(send(topics.jobs(), file.id(), JobsView.bytes(file))));
    }

    public void order(String job, JobOrder order) {
        await(topics.jobs(), List.of(send(topics.jobs(), JobsView.keyOfOrder(job), JobsView.bytes(order))));
    }

    /// Removes a job that has ended from the jobs topic. Its answers stay as long as the results topic keeps them.
    public void remove(String job) {
        await(topics.jobs(), List.of(send(topics.jobs(), job, null), send(topics.jobs(), JobsView.keyOfOrder(job),
                null), send(topics.jobs(), JobsView.keyOfState(job), null)));
    }

    /// Removes an uploaded file: from now on there is no such file, and compaction removes its chunks.
    public void remove(StoredFile file) {
        await(topics.jobs(), List.of(send(topics.jobs(), file.id(), null)));
        var chunks = new ArrayList<Future<RecordMetadata>>();
        for (int chunk = 0; chunk < file.chunks().count(); chunk++) {
            chunks.add(send(topics.files(), FileChunks.key(file.id(), chunk), null));
        }
        await(topics.files(), chunks);
    }

    private Future<RecordMetadata> send(String topic, String key, byte @Nullable [] value) {
        try {
            return producer().send(record(topic, key, value));
        } catch (KafkaException e) {
            throw unwritable(topic, e);
        }
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, String key, byte @Nullable [] value) {
        return new ProducerRecord<>(topic, 0, key.getBytes(StandardCharsets.UTF_8), value);
    }

    private static JobsException unwritable(String topic, Exception e) {
        return new JobsException("the topic " + topic + " cannot be written", e);
    }

    /// Waits until the broker has records.
    static void await(String topic, List<Future<RecordMetadata>> sent) {
        try {
            for (var each : sent) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw unwritable(topic, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new JobsException("interrupted while records were written", e);
        }
    }

    private KafkaProducer<byte[], byte[]> producer() {
        if (producer == null) {
            var properties = new HashMap<String, Object>(Map.of(
                    "acks", "all", "linger.ms", 5, "max.block.ms", 15_000, "delivery.timeout.ms", 60_000));
            properties.putAll(access.producerProperties());
            try {
                producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
            } catch (KafkaException e) {
                throw new JobsException("Kafka's producer cannot be set up", e);
            }
        }
        return producer;
    }

    @Override
    public void close() {
        consumer.close();
        if (uncommitted != null) {
            uncommitted.close();
        }
        if (producer != null) {
            producer.close();
        }
    }
}
