package dev.flover.tests.pipeline;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonOrAvroDeserializer;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// A client that sends requests and reads the committed records of their answers.
final class Client implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final TopicNames topics;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ContractSerde<GenerationRequest> requests;
    private final ContractSerde<TokenChunk> tokens;
    private final ContractSerde<GenerationResult> results;
    final List<TokenChunk> chunks = new ArrayList<>();
    final List<GenerationResult> finished = new ArrayList<>();
    final List<ConsumerRecord<byte[], byte[]>> deadLetters = new ArrayList<>();
    private final Map<TopicPartition, Long> read = new HashMap<>();
    private final List<String> readAgain = new ArrayList<>();
    private final Queue<Exception> unsent = new ConcurrentLinkedQueue<>();

    Client(String bootstrapServers, String registryUrl, TopicNames topics) {
        this.topics = topics;
        Map<String, Object> registry = Map.of("schema.registry.url", registryUrl);
        requests = ContractSerde.of(GenerationRequest.class, registry);
        tokens = ContractSerde.of(TokenChunk.class, registry);
        results = ContractSerde.of(GenerationResult.class, registry);
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers, "linger.ms", 0, "delivery.timeout.ms", 60_000),
                new ByteArraySerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers, "auto.offset.reset", "earliest",
                        "isolation.level", "read_committed"),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        // The consumer is in no group, so it never reads a record twice, however long the broker was away.
        consumer.assign(Stream.of(topics.tokens(), topics.results(), topics.deadLetters())
                .flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition())).toList());
    }

    static GenerationRequest.Builder greedy(String id, String prompt, int maxTokens) {
        var sampling = Sampling.newBuilder().setTemperature(0f).build();
        return GenerationRequest.newBuilder().setId(id).setPrompt(prompt).setMaxTokens(maxTokens).setSampling(sampling);
    }

    void send(GenerationRequest request) {
        send(request.getId(), wire(request));
    }

    /// Encodes a request as it is written on the requests topic.
    byte[] wire(GenerationRequest request) {
        return requests.serializer().serialize(topics.requests(), request);
    }

    void cancel(String id) {
        send(id, null);
    }

    void send(GenerationRequest request, Map<String, byte[]> headers) {
        send(request.getId(), wire(request), headers);
    }

    void send(String key, byte[] value) {
        send(key, value, Map.of());
    }

    private void send(String key, byte[] value, Map<String, byte[]> headers) {
        var record = new ProducerRecord<>(topics.requests(), key.getBytes(StandardCharsets.UTF_8), value);
        headers.forEach(record.headers()::add);
        producer.send(record, (written, problem) -> {
            if (problem != null) {
                unsent.add(problem);
            }
        });
    }

    void flush() {
        producer.flush();
    }

    void awaitTerminal(Set<String> ids) {
        await("terminal records of " + ids, () -> ended().containsAll(ids));
    }

    /// Returns the ids of the requests whose terminal record was read.
    Set<String> ended() {
        return chunks.stream().filter(TokenChunk::getTerminal).map(TokenChunk::getRequestId)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    void await(String what, BooleanSupplier holds) {
        var deadline = Instant.now().plus(PATIENCE);
        while (!holds.getAsBoolean()) {
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("no " + what + " within " + PATIENCE + "; ended: " + ended() + ", chunks: "
                        + chunks.size() + ", dead letters: " + deadLetters.size() + ", not sent: " + unsent);
            }
            poll();
        }
    }

    /// Reads records for the given time, whether or not any arrive.
    void awaitSome(Duration time) {
        for (var until = Instant.now().plus(time); Instant.now().isBefore(until);) {
            poll();
        }
    }

    private void poll() {
        for (var record : consumer.poll(Duration.ofMillis(20))) {
            var partition = new TopicPartition(record.topic(), record.partition());
            var last = read.put(partition, record.offset());
            if (last != null && last >= record.offset()) {
                readAgain.add(partition + " from " + record.offset() + " after " + last);
            }
            if (record.topic().equals(topics.tokens())) {
                chunks.add(new JsonOrAvroDeserializer<>(TokenChunk.class, tokens.deserializer())
                        .deserialize(record.topic(), record.value()));
            } else if (record.topic().equals(topics.results())) {
                if (record.value() != null) {       // null is the tombstone of a forgotten answer
                    finished.add(new JsonOrAvroDeserializer<>(GenerationResult.class, results.deserializer())
                            .deserialize(record.topic(), record.value()));
                }
            } else {
                deadLetters.add(record);
            }
        }
    }

    /// Returns the number of tokens read so far, of all requests.
    int tokenCount() {
        return chunks.stream().mapToInt(chunk -> chunk.getTokenIds().size()).sum();
    }

    List<TokenChunk> chunks(String id) {
        return chunks.stream().filter(chunk -> chunk.getRequestId().equals(id)).toList();
    }

    /// Returns the token ids of a request's first answer; fails if a position is missing or comes twice. Chunks that
    /// are marked as repeats, the answers to retries, are not counted.
    List<Integer> tokens(String id) {
        var ids = new ArrayList<Integer>();
        for (var chunk : chunks(id)) {
            if (chunk.getRepeat()) {
                continue;
            }
            if (chunk.getPosition() != ids.size()) {
                throw new AssertionError("expected position " + ids.size() + " of " + id + ", found " + chunk
                        + "; read again: " + readAgain);
            }
            ids.addAll(chunk.getTokenIds());
        }
        return ids;
    }

    String text(String id) {
        return chunks(id).stream().map(TokenChunk::getText).collect(Collectors.joining());
    }

    GenerationResult result(String id) {
        await("result of " + id, () -> finished.stream().anyMatch(result -> result.getRequestId().equals(id)));
        var found = finished.stream().filter(result -> result.getRequestId().equals(id)).distinct().toList();
        if (found.size() != 1) {
            throw new AssertionError("expected one result of " + id + ", found " + found);
        }
        return found.getFirst();
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
        consumer.close();
    }
}
