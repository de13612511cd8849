package dev.flover.app.client;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonOrAvroDeserializer;
import dev.flover.schemas.serdes.ContractSerde;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/// Reads the committed chunks of the tokens topic without a consumer group, so that each reader gets all of them.
public final class Answers implements AutoCloseable {
    private final KafkaConsumer<String, TokenChunk> consumer;
    private final String topic;

    /// Starts reading at the end or the beginning of the topic. No chunk that is committed after this call is missed.
    ///
    /// @throws CommandException if the topic cannot be read
    public Answers(Connection connection, String topic, boolean fromBeginning) {
        this.topic = topic;
        var properties = new HashMap<String, Object>(Map.of(
                "isolation.level", "read_committed", "enable.auto.commit", false, "fetch.max.wait.ms", 50,
                "default.api.timeout.ms", 10_000, "request.timeout.ms", 10_000, "allow.auto.create.topics", false));
        properties.putAll(connection.consumer());
        var values = new JsonOrAvroDeserializer<>(TokenChunk.class,
                ContractSerde.of(TokenChunk.class, connection.registry()).deserializer());
        try {
            this.consumer = new KafkaConsumer<>(properties, new StringDeserializer(), values);
        } catch (KafkaException e) {
            throw Refusal.ofSettings("consumer", e);
        }
        try {
            seek(fromBeginning);
        } catch (KafkaException e) {
            consumer.close();
            throw new CommandException("cannot read the topic " + topic + " at " + connection.bootstrapServers() + ": "
                    + Refusal.reason(e), e);
        } catch (CommandException e) {
            consumer.close();
            throw e;
        }
    }

    private void seek(boolean fromBeginning) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new CommandException("the topic " + topic
                    + " does not exist; `flover up --create-topics` creates what the pipeline needs");
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> offsets =
                fromBeginning ? consumer.beginningOffsets(partitions) : consumer.endOffsets(partitions);
        offsets.forEach(consumer::seek);
    }

    /// Reads on in one partition only, from the reader's present position in that partition.
    public void only(int partition) {
        var wanted = new TopicPartition(topic, partition);
        long position = consumer.position(wanted);
        consumer.assign(List.of(wanted));
        consumer.seek(wanted, position);
    }

    /// Passes each chunk that has arrived to `reader`, after waiting at most `wait` for the first.
    ///
    /// @return true if reading can go on; false after [#wake]
    public boolean poll(Duration wait, Consumer<TokenChunk> reader) {
        try {
            for (var chunk : consumer.poll(wait)) {
                if (chunk.value() != null) {
                    reader.accept(chunk.value());
                }
            }
            return true;
        } catch (WakeupException e) {
            return false;
        } catch (KafkaException e) {
            throw new CommandException("reading " + topic + " failed: " + Refusal.reason(e), e);
        }
    }

    /// Ends a [#poll] that is waiting; may be called from any thread.
    public void wake() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
