package dev.flover.topology.generation;

import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.records.BoundedRecords;
import dev.flover.topology.records.Forwarding;
import dev.flover.topology.state.StoreNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/// Builds the topology of Kafka Streams: every node, store and topic of the application.
///
/// ```
///   generation-requests ──► requests ──► generations ──┬──► tokens ────────► generation-tokens
///                           (source)     (processor)   ├──► results ───────► generation-results
///                                             │        ├──► flat-results ──► rows for databases, if a setting asks
///                                             │        ├──► dead-letters ──► generation-dead-letters
///                                             │        └──► foreign ───────► topics that requests name
///                      ┌───────────┬──────────┼──────────┬──────────┐
///                  requests    progress    attempts    ended     parked       stores, each with its changelog
/// ```
public final class PipelineTopology {
    static final String SOURCE = "requests";
    static final String PROCESSOR = "generations";
    static final String TOKENS_SINK = "tokens";
    static final String RESULTS_SINK = "results";
    /// The sink of flat results. It exists only if their topic has a name.
    static final String FLAT_SINK = "flat-results";
    static final String DEAD_LETTERS_SINK = "dead-letters";
    /// The source and the sink of records that partitions pass on to each other. They exist only after partitions were
    /// added.
    static final String FORWARDED_SOURCE = "forwarded";
    static final String FORWARDED_SINK = "pass-on";
    /// The sink for topics that requests name.
    static final String FOREIGN_SINK = "foreign";

    private PipelineTopology() {}

    /// @param threads one for each stream thread
    /// @param chunks  serialises the values of the tokens topic
    /// @param results serialises the values of the results topic
    public static Topology build(
            List<ProcessParts> threads, Serializer<TokenChunk> chunks, Serializer<GenerationResult> results) {
        var config = threads.getFirst().config();
        // partitions pass records on only after partitions were added
        boolean forwards = threads.getFirst().homes().counts().haveGrown();
        Serializer<Outgoing> values = Outgoing.serializer(chunks, results);
        var topics = config.topics();
        var bytes = new ByteArraySerializer();
        var topology = new Topology()
                .addSource(AutoOffsetReset.earliest(), SOURCE, new ReadTime(), new ByteArrayDeserializer(),
                        new ByteArrayDeserializer(), topics.requests());
        var sources = new ArrayList<>(List.of(SOURCE));
        var forwarded = Forwarding.topic(config.applicationId());
        if (forwards) {
            sources.add(FORWARDED_SOURCE);
            topology.addSource(AutoOffsetReset.earliest(), FORWARDED_SOURCE, new ReadTime(),
                    new ByteArrayDeserializer(), new ByteArrayDeserializer(), forwarded);
        }
        topology.addProcessor(PROCESSOR, () -> new GenerationProcessor(threads), sources.toArray(String[]::new))
                .addStateStore(store(StoreNames.REQUESTS), PROCESSOR)
                .addStateStore(store(StoreNames.PROGRESS), PROCESSOR)
                .addStateStore(store(StoreNames.ATTEMPTS), PROCESSOR)
                .addStateStore(store(StoreNames.ENDED), PROCESSOR)
                .addStateStore(store(StoreNames.PARKED), PROCESSOR)
                .addSink(TOKENS_SINK, topics.tokens(), bytes, values, PROCESSOR)
                .addSink(RESULTS_SINK, topics.results(), bytes, values, PROCESSOR)
                .addSink(FOREIGN_SINK, Outgoing.named(), bytes, Outgoing.serializer(chunks, results), PROCESSOR)
                .addSink(DEAD_LETTERS_SINK, topics.deadLetters(), bytes, values, PROCESSOR);
        if (topics.flatResults() != null) {
            topology.addSink(FLAT_SINK, topics.flatResults(), bytes, values, PROCESSOR);
        }
        return forwards
                ? topology.addSink(FORWARDED_SINK, forwarded, bytes, Outgoing.serializer(chunks, results),
                        Outgoing.partitioner(), PROCESSOR)
                : topology;
    }

    private static StoreBuilder<KeyValueStore<Bytes, byte[]>> store(String name) {
        return Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
                .withCachingDisabled()
                .withLoggingEnabled(Map.of("max.message.bytes", Integer.toString(BoundedRecords.MAX_RECORD_BYTES)));
    }

    /// Takes a record's own timestamp, or the time of reading where the producer gave none that can be used.
    private static final class ReadTime implements TimestampExtractor {
        @Override
        public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
            return record.timestamp() >= 0 ? record.timestamp() : System.currentTimeMillis();
        }
    }
}
