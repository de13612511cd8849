package dev.flover.http.topics;

import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonOrAvroDeserializer;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decodes records of the tokens topic. If the schema registry does not answer, the reader waits for it.
final class ChunkReading implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChunkReading.class);
    private static final long PAUSE_MS = 200;

    private final Deserializer<TokenChunk> values;
    private final CountDownLatch closing;

    /// @param closing ends a wait for the registry when it is counted down
    ChunkReading(Map<String, String> registry, CountDownLatch closing) {
        values = new JsonOrAvroDeserializer<>(
                TokenChunk.class, ContractSerde.of(TokenChunk.class, registry).deserializer());
        this.closing = closing;
    }

    static String idOf(ConsumerRecord<byte[], byte[]> record) {
        return record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    }

    /// Decodes a record; empty for a record that is not a chunk, and when the bridge closes.
    synchronized Optional<ReadChunk> read(ConsumerRecord<byte[], byte[]> record) {
        while (record.value() != null) {
            try {
                return Optional.of(new ReadChunk(new Place(record.partition(), record.offset()), record.timestamp(),
                        values.deserialize(record.topic(), record.value())));
            } catch (RegistryUnavailableException e) {
                LOG.warn("waiting for the schema registry: {}", e.getMessage());
            } catch (KafkaException e) {
                LOG.warn("the record at offset {} of {}-{} is not a chunk and is skipped: {}", record.offset(),
                        record.topic(), record.partition(), e.getMessage());
                return Optional.empty();
            }
            try {
                if (closing.await(PAUSE_MS, TimeUnit.MILLISECONDS)) {
                    return Optional.empty();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        values.close();
    }
}
