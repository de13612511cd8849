package dev.flover.http.topics;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.json.JsonRecords;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// Writes requests as JSON, and cancellations, to the requests topic.
public final class RequestWriter implements AutoCloseable {
    private final KafkaProducer<String, byte[]> producer;
    private final String topic;

    RequestWriter(TopicAccess access) {
        topic = access.topics().requests();
        producer = new KafkaProducer<>(access.producer(), new StringSerializer(), new ByteArraySerializer());
    }

    /// Returns the number of partitions of the requests topic.
    public int partitions() {
        try {
            return producer.partitionsFor(topic).size();
        } catch (KafkaException e) {
            throw unavailable(e);
        }
    }

    /// Returns the partition in which Java's clients write a key; the answer will be in the partition of the same
    /// number.
    public static int partitionOf(String id, int partitions) {
        return BuiltInPartitioner.partitionForKey(id.getBytes(StandardCharsets.UTF_8), partitions);
    }

    /// Writes a request, and returns when the broker has it.
    ///
    /// @param headers headers of the record, which come back on the records of the answer
    /// @return the request's place on the topic
    /// @throws IllegalArgumentException if the broker does not take a record of that size
    /// @throws UnavailableException     if it was not written
    public Place write(GenerationRequest request, Map<String, String> headers) throws InterruptedException {
        var record = new ProducerRecord<>(topic, request.getId(), JsonRecords.write(request));
        headers.forEach((name, value) -> record.headers().add(name, value.getBytes(StandardCharsets.UTF_8)));
        var written = await(send(record));
        return new Place(written.partition(), written.offset());
    }

    /// Cancels the request of that id. The cancellation is written to every partition, because the request may be in
    /// another one than its key's hash selects: its producer partitions differently, or partitions were added.
    public void cancel(String id) throws InterruptedException {
        var sent = new ArrayList<Future<RecordMetadata>>();
        for (int partition = 0; partition < partitions(); partition++) {
            sent.add(send(new ProducerRecord<>(topic, partition, id, null)));
        }
        for (var each : sent) {
            await(each);
        }
    }

    private Future<RecordMetadata> send(ProducerRecord<String, byte[]> record) {
        try {
            return producer.send(record);
        } catch (KafkaException e) {
            throw unavailable(e);
        }
    }

    private RecordMetadata await(Future<RecordMetadata> sent) throws InterruptedException {
        try {
            return sent.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RecordTooLargeException) {
                throw new IllegalArgumentException("the request is too large for a record: "
                        + e.getCause().getMessage(), e);
            }
            throw unavailable(e.getCause() == null ? e : e.getCause());
        }
    }

    private UnavailableException unavailable(Throwable cause) {
        return new UnavailableException("the request could not be written to " + topic + ": " + cause.getMessage(),
                cause);
    }

    @Override
    public void close() {
        producer.close();
    }
}
