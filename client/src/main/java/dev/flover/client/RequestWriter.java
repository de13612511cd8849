package dev.flover.client;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.json.JsonRequests;
import dev.flover.schemas.serdes.ContractSerde;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// Writes requests and cancels to the requests topic, and returns when the broker has them. Thread-safe.
final class RequestWriter implements AutoCloseable {
    private final KafkaProducer<String, byte[]> producer;
    private final Serializer<GenerationRequest> values;
    private final String topic;

    RequestWriter(FloverConfig config) {
        topic = config.topics().requests();
        values = switch (config.requests()) {
            case JSON -> (name, request) -> JsonRequests.write(request);
            case AVRO -> ContractSerde.of(GenerationRequest.class, config.properties()).serializer();
        };
        producer = new KafkaProducer<>(config.producer(), new StringSerializer(), new ByteArraySerializer());
    }

    /// Returns the partition in which Java's clients write a key.
    static int partitionOf(String id, int partitions) {
        return BuiltInPartitioner.partitionForKey(id.getBytes(StandardCharsets.UTF_8), partitions);
    }

    /// @throws GenerationException.Rejected    if the broker does not accept a record of that size
    /// @throws GenerationException.Unavailable if it is not known that the request was written
    Place write(GenerationRequest request) {
        String id = request.getId();
        try {
            var written = await(id, producer.send(new ProducerRecord<>(topic, id, values.serialize(topic, request))));
            return new Place(written.partition(), written.offset());
        } catch (KafkaException e) {
            throw unavailable(id, e);
        }
    }

    /// Cancels the request of that id. The cancel is written to every partition, because the request may be in another
    /// one than its key's hash selects: its producer partitions differently, or partitions were added.
    void cancel(String id) {
        try {
            var sent = new ArrayList<Future<RecordMetadata>>();
            for (var partition : producer.partitionsFor(topic)) {
                sent.add(producer.send(new ProducerRecord<>(topic, partition.partition(), id, null)));
            }
            for (var each : sent) {
                await(id, each);
            }
        } catch (KafkaException e) {
            throw unavailable(id, e);
        }
    }

    private RecordMetadata await(String id, Future<RecordMetadata> sent) {
        try {
            return sent.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RecordTooLargeException) {
                throw new GenerationException.Rejected(id, "the request " + id + " is too large for a record: "
                        + e.getCause().getMessage(), null, e.getCause());
            }
            throw unavailable(id, e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable(id, e);
        }
    }

    private GenerationException unavailable(String id, Throwable cause) {
        return new GenerationException.Unavailable(id, "it is not known whether a record of the request " + id
                + " was written to " + topic + ": " + cause.getMessage() + "; sending it again under the same id does "
                + "not compute it twice", cause);
    }

    @Override
    public void close() {
        producer.close();
        values.close();
    }
}
