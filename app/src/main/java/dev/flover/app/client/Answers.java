package dev.flover.app.client;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonRecords;
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

/// Reads the tokens topic from now on, without a consumer group: every reader sees everything.
public final class Answers implements AutoCloseable {
    private final KafkaConsumer<String, TokenChunk> consumer;
    private final String topic;

    /// From here on, nothing that is committed is missed.
    ///
    /// @throws CommandException if the topic cannot be read
    public Answers(Connection connection, String topic, boolean fromBeginning) {
        this.topic = topic;
        var properties = new HashMap<String, Object>(Map.of(
                "isolation.level", "read_committed", "enable.auto.commit", false, "fetch.max.wait.ms", 50,
                "default.api.timeout.ms", 10_000, "request.timeout.ms", 10_000, "allow.auto.create.topics", false));
        properties.putAll(connection.consumer());
        var values = JsonRecords.orAvro(TokenChunk.class,
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

    /// Reads one partition only, from where this reader stands.
    public void only(int partition) {
        var wanted = new TopicPartition(topic, partition);
        long position = consumer.position(wanted);
        consumer.assign(List.of(wanted));
        consumer.seek(wanted, position);
    }

    /// Hands on what has come, after waiting at most `wait` for it.
    ///
    /// @return whether the reader goes on; false after [#wake]
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

    /// Ends the poll under way, from any thread.
    public void wake() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
