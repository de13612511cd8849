package dev.flover.benchmarks.pipeline;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.PipelineConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Sends requests and reads committed chunks, with a clock.
final class Traffic implements AutoCloseable {
    private final String requestsTopic;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ContractSerde<GenerationRequest> requests;
    private final ContractSerde<TokenChunk> chunks;

    Traffic(PipelineConfig config) {
        requestsTopic = config.topics().requests();
        requests = ContractSerde.of(GenerationRequest.class, config.registry());
        chunks = ContractSerde.of(TokenChunk.class, config.registry());
        String bootstrap = config.kafka().get("bootstrap.servers");
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap, "linger.ms", 0),
                new ByteArraySerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed"),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var partitions = consumer.partitionsFor(config.topics().tokens()).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition())).toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
    }

    /// Sends requests at once and reads until all have ended.
    double tokensPerSecond(int sequences, String prompt, int tokens, Duration patience) {
        long begin = System.nanoTime();
        for (int i = 0; i < sequences; i++) {
            send(prompt, tokens);
        }
        long count = 0;
        for (int ended = 0; ended < sequences; ) {
            for (var chunk : read(begin, patience)) {
                count += chunk.getTokenIds().size();
                ended += chunk.getTerminal() ? 1 : 0;
            }
        }
        return count * 1e9 / (System.nanoTime() - begin);
    }

    /// One request after the other: from sending to reading its first token.
    double[] firstTokensMs(int count, String prompt, Duration patience) {
        double[] times = new double[count];
        for (int i = 0; i < count; i++) {
            long begin = System.nanoTime();
            String id = send(prompt, 4);
            boolean ended = false;
            while (!ended) {
                for (var chunk : read(begin, patience)) {
                    if (times[i] == 0 && chunk.getRequestId().equals(id)) {
                        times[i] = (System.nanoTime() - begin) / 1e6;
                    }
                    ended |= chunk.getTerminal();
                }
            }
        }
        return times;
    }

    private String send(String prompt, int tokens) {
        String id = UUID.randomUUID().toString();
        var request = GenerationRequest.newBuilder().setId(id).setPrompt(prompt).setMaxTokens(tokens)
                .setIgnoreEos(true).setSampling(Sampling.newBuilder().setTemperature(1f).build()).build();
        producer.send(new ProducerRecord<>(requestsTopic, id.getBytes(StandardCharsets.UTF_8),
                requests.serializer().serialize(requestsTopic, request)));
        return id;
    }

    private List<TokenChunk> read(long begin, Duration patience) {
        if (System.nanoTime() - begin > patience.toNanos()) {
            throw new IllegalStateException("not all answers came within " + patience);
        }
        var read = new ArrayList<TokenChunk>();
        for (var record : consumer.poll(Duration.ofMillis(10))) {
            read.add(chunks.deserializer().deserialize(record.topic(), record.value()));
        }
        return read;
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
        consumer.close();
    }
}
