package dev.flover.app.client;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.ContractSerde;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.serialization.StringSerializer;

/// Writes requests and cancellations to the requests topic, with the request's id as the key.
public final class Requests implements AutoCloseable {
    private static final String FORGET = "flover.forget";

    private final KafkaProducer<String, GenerationRequest> producer;
    private final String topic;

    /// Sends each request at once.
    public Requests(Connection connection, String topic) {
        this(connection, topic, Map.of("linger.ms", 0));
    }

    /// Returns a writer for many requests, which go to the broker in few large batches: a request may wait some
    /// milliseconds for others.
    public static Requests ofMany(Connection connection, String topic) {
        return new Requests(connection, topic, Map.of("linger.ms", 5, "batch.size", 1 << 18));
    }

    private Requests(Connection connection, String topic, Map<String, Object> pace) {
        this.topic = topic;
        var properties = new HashMap<String, Object>(pace);
        properties.putAll(Map.of("acks", "all", "max.block.ms", 10_000, "delivery.timeout.ms", 15_000,
                "request.timeout.ms", 10_000));
        properties.putAll(connection.producer());
        var values = ContractSerde.of(GenerationRequest.class, connection.registry()).serializer();
        try {
            this.producer = new KafkaProducer<>(properties, new StringSerializer(), values);
        } catch (KafkaException e) {
            throw Refusal.ofSettings("producer", e);
        }
    }

    /// Writes a request and returns when the broker has it.
    ///
    /// @return the request's partition and offset
    public RecordMetadata write(GenerationRequest request) {
        return write(new ProducerRecord<>(topic, request.getId(), request));
    }

    /// Writes a request and returns when the broker has it.
    ///
    /// @return the number of the request's partition; the answer will be in the same partition of the tokens topic
    public int send(GenerationRequest request) {
        return write(new ProducerRecord<>(topic, request.getId(), request)).partition();
    }

    /// Sends the request and returns before the broker has it.
    public void sendLater(GenerationRequest request) {
        try {
            producer.send(new ProducerRecord<>(topic, request.getId(), request));
        } catch (KafkaException e) {
            throw notWritten(e);
        }
    }

    /// Sends the request and returns before the broker has it.
    ///
    /// @param failed gets the reason if the request could not be written; on this thread or on one of the producer
    public void sendLater(GenerationRequest request, Consumer<Exception> failed) {
        try {
            producer.send(new ProducerRecord<>(topic, request.getId(), request), (written, failure) -> {
                if (failure != null) {
                    failed.accept(failure);
                }
            });
        } catch (KafkaException e) {
            failed.accept(e);
        }
    }

    /// Cancels the request of that id: one that is live, one that waits, or one that arrives shortly afterwards.
    ///
    /// The cancellation is written to every partition. The request may be in another partition than this producer would
    /// choose for its key, because the request's producer partitions differently or because partitions were added.
    public void cancel(String id) {
        cancel(List.of(id));
    }

    /// Cancels several requests, each as [#cancel(String)] does.
    public void cancel(Collection<String> ids) {
        var sent = new ArrayList<Future<RecordMetadata>>();
        try {
            for (var partition : partitions()) {
                for (String id : ids) {
                    sent.add(producer.send(new ProducerRecord<>(topic, partition.partition(), id, null)));
                }
            }
        } catch (KafkaException e) {
            throw notWritten(e);
        }
        sent.forEach(this::await);
    }

    /// Erases the stored answer to the request of that id. Like [#cancel], this writes to every partition. If no
    /// partition has the request in its state, the partition that the id hashes to erases the answer.
    public void forget(String id) {
        var partitions = partitions();
        int own = BuiltInPartitioner.partitionForKey(id.getBytes(StandardCharsets.UTF_8), partitions.size());
        for (var partition : partitions) {
            var record = new ProducerRecord<String, GenerationRequest>(topic, partition.partition(), id, null);
            record.headers().add(FORGET, new byte[] {(byte) (partition.partition() == own ? 1 : 0)});
            write(record);
        }
    }

    private List<PartitionInfo> partitions() {
        try {
            return producer.partitionsFor(topic);
        } catch (KafkaException e) {
            throw notWritten(e);
        }
    }

    private RecordMetadata write(ProducerRecord<String, GenerationRequest> record) {
        try {
            return await(producer.send(record));
        } catch (KafkaException e) {
            throw notWritten(e);
        }
    }

    private RecordMetadata await(Future<RecordMetadata> sent) {
        try {
            return sent.get();
        } catch (ExecutionException e) {
            throw notWritten(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted while the request was written", e);
        }
    }

    private CommandException notWritten(Exception failure) {
        return new CommandException(
                "the request could not be written to " + topic + ": " + Refusal.reason(failure), failure);
    }

    @Override
    public void close() {
        producer.close();
    }
}
