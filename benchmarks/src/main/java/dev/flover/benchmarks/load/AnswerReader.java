package dev.flover.benchmarks.load;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads results and dead letters as a reader of committed records, and counts them.
final class AnswerReader implements Runnable, AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ContractSerde<GenerationResult> results;
    private final TopicNames topics;
    private final Thread thread = new Thread(this, "answers");
    private volatile boolean closing;
    private long deadLetters;
    private final Map<FinishReason, Long> ended = new EnumMap<>(FinishReason.class);
    private Map<String, Long> tokensByTenant = new HashMap<>();
    private Map<Integer, List<Long>> waitsByPriority = new HashMap<>();

    AnswerReader(String bootstrapServers, String registryUrl, TopicNames topics) {
        this.topics = topics;
        results = ContractSerde.of(GenerationResult.class, Map.of("schema.registry.url", registryUrl));
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers, "group.id", UUID.randomUUID().toString(),
                        "auto.offset.reset", "earliest", "isolation.level", "read_committed",
                        "max.poll.records", 5000),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(topics.results(), topics.deadLetters()));
        thread.start();
    }

    @Override
    public void run() {
        while (!closing) {
            for (var record : consumer.poll(Duration.ofMillis(100))) {
                if (record.topic().equals(topics.deadLetters())) {
                    deadLetter();
                } else {
                    count(results.deserializer().deserialize(record.topic(), record.value()));
                }
            }
        }
        consumer.close();
    }

    private synchronized void deadLetter() {
        deadLetters++;
    }

    private synchronized void count(GenerationResult result) {
        ended.merge(result.getFinishReason(), 1L, Long::sum);
        if (result.getCompletionTokens() > 0) {
            long tokens = result.getPromptTokens() + (long) result.getCompletionTokens();
            tokensByTenant.merge(result.getTenant(), tokens, Long::sum);
            long waited = result.getFinishedAt().toEpochMilli() - result.getRequestedAt().toEpochMilli();
            waitsByPriority.computeIfAbsent(Integer.parseInt(result.getMetadata().get("priority")),
                    priority -> new ArrayList<>()).add(waited);
        }
    }

    /// Returns the number of requests that have their answer, dead letters included.
    synchronized long answered() {
        return deadLetters + ended.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Returns the number of requests that were answered with tokens to their end.
    synchronized long served() {
        return ended.getOrDefault(FinishReason.LENGTH, 0L) + ended.getOrDefault(FinishReason.STOP, 0L);
    }

    synchronized long deadLetters() {
        return deadLetters;
    }

    synchronized Map<FinishReason, Long> ended() {
        return new EnumMap<>(ended);
    }

    /// Returns the tokens computed for each tenant since the last call, prompts included.
    synchronized Map<String, Long> takeTokensByTenant() {
        var taken = tokensByTenant;
        tokensByTenant = new HashMap<>();
        return taken;
    }

    /// Returns for each priority the times from writing a request to its last token, in ms, sorted, of the requests
    /// that were answered since the last call.
    synchronized Map<Integer, long[]> takeWaitsByPriority() {
        var taken = new HashMap<Integer, long[]>();
        waitsByPriority.forEach((priority, waits) -> {
            long[] sorted = waits.stream().mapToLong(Long::longValue).toArray();
            Arrays.sort(sorted);
            taken.put(priority, sorted);
        });
        waitsByPriority = new HashMap<>();
        return taken;
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
