package dev.flover.topology.generation;

import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.jspecify.annotations.Nullable;

/// The value of a record that a partition writes. Each kind knows its sink.
sealed interface Outgoing {
    String sink();

    record Chunk(TokenChunk chunk) implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.TOKENS_SINK;
        }
    }

    record Result(GenerationResult result) implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.RESULTS_SINK;
        }
    }

    /// A result that is written again, byte for byte.
    record ResultAgain(byte[] written) implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.RESULTS_SINK;
        }
    }

    /// A null value, which tells readers of the results topic that the result under this id is erased.
    record Forgotten() implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.RESULTS_SINK;
        }
    }

    /// A row for the topic of flat results.
    ///
    /// @param value null where the row is erased
    record FlatRow(byte @Nullable [] value) implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.FLAT_SINK;
        }
    }

    /// A record for the dead-letter topic.
    ///
    /// @param value null where the record had none
    record DeadLetter(byte @Nullable [] value) implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.DEAD_LETTERS_SINK;
        }
    }

    /// A record for a topic of another application that a request names: an answer as an Avro record, or a result.
    record Addressed(@Nullable String topic, byte[] bytes) implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.FOREIGN_SINK;
        }
    }

    /// A record of the requests topic that is passed on to another partition.
    ///
    /// @param partition the receiving partition
    /// @param value     null for a cancel
    record PassedOn(int partition, byte @Nullable [] value) implements Outgoing {
        @Override
        public String sink() {
            return PipelineTopology.FORWARDED_SINK;
        }
    }

    /// Serialises the values of all sinks.
    static <T extends Outgoing> Serializer<T> serializer(
            Serializer<TokenChunk> chunks, Serializer<GenerationResult> results) {
        return (topic, value) -> switch ((Outgoing) value) {
            case Chunk(TokenChunk chunk) -> chunks.serialize(topic, chunk);
            case Result(GenerationResult result) -> results.serialize(topic, result);
            case ResultAgain(byte[] written) -> written;
            case Forgotten forgotten -> null;
            case FlatRow(byte @Nullable [] bytes) -> bytes;
            case DeadLetter(byte[] bytes) -> bytes;
            case Addressed(String named, byte[] bytes) -> bytes;
            case PassedOn(int partition, byte[] bytes) -> bytes;
        };
    }

    static TopicNameExtractor<byte[], Addressed> named() {
        return (key, record, context) -> record.topic();
    }

    static StreamPartitioner<byte[], PassedOn> partitioner() {
        return (topic, key, record, partitions) -> Optional.of(Set.of(record.partition()));
    }
}
