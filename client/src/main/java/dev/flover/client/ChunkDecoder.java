package dev.flover.client;

import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonOrAvroDeserializer;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decodes records of the tokens topic, in JSON or Avro. Thread-safe.
final class ChunkDecoder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChunkDecoder.class);
    private static final String REGISTRY = "schema.registry.url";
    /// An address at which nothing listens, for a client whose answers are all in JSON.
    private static final String NO_REGISTRY = "http://127.0.0.1:9";

    private final Deserializer<TokenChunk> values;
    private final boolean hasRegistry;

    /// @param properties of the registry's client; without its URL, only JSON can be decoded
    ChunkDecoder(Map<String, Object> properties) {
        hasRegistry = properties.containsKey(REGISTRY);
        var registry = new HashMap<>(properties);
        registry.putIfAbsent(REGISTRY, NO_REGISTRY);
        values = new JsonOrAvroDeserializer<>(
                TokenChunk.class, ContractSerde.of(TokenChunk.class, registry).deserializer());
    }

    /// Decodes a record; empty for a record that is not a chunk.
    ///
    /// @throws RegistryUnavailableException if the schema registry does not answer
    /// @throws KafkaException               if the record is in Avro and the client has no registry
    synchronized Optional<ReadChunk> decode(ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            return Optional.empty();
        }
        if (!hasRegistry && !JsonRecords.isJson(record.value())) {
            throw new KafkaException("the records of " + record.topic() + " are in Avro; give the property "
                    + REGISTRY);
        }
        try {
            return Optional.of(new ReadChunk(record.partition(), record.offset(),
                    values.deserialize(record.topic(), record.value())));
        } catch (RegistryUnavailableException e) {
            throw e;
        } catch (KafkaException e) {
            LOG.warn("the record at offset {} of {}-{} is not a chunk and is skipped: {}", record.offset(),
                    record.topic(), record.partition(), e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        values.close();
    }
}
