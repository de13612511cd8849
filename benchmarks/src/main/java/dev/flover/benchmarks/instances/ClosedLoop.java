package dev.flover.benchmarks.instances;

import dev.flover.app.options.CommandException;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Clients that always have the same number of generations under way: for each that ends, another is requested. Reads
/// committed tokens, checks their positions, and notes when they came. A thread of its own does all of this.
final class ClosedLoop implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(20);
    private static final long PATIENCE_NANOS = Duration.ofSeconds(90).toNanos();

    private final Map<String, Answer> live = new HashMap<>();
    private final List<Answer> answers = new ArrayList<>();
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ContractSerde<GenerationRequest> requests;
    private final ContractSerde<TokenChunk> chunks;
    private final String topic;
    private final int tokens;
    private final int under;
    private final Thread thread = new Thread(this::run, "clients");
    private long received;
    private int next;
    private volatile boolean draining;
    private volatile boolean closing;

    /// The committed tokens of one generation.
    static final class Answer {
        private final List<Long> arrivals = new ArrayList<>();
        private int tokens;
        private int repeated;
        private int missing;

        /// The longest time in ms between two successive arrivals, among those times that overlap a period; -1 if none
        /// does.
        double longestPauseMs(long from, long until) {
            double longest = -1;
            for (int i = 1; i < arrivals.size(); i++) {
                if (arrivals.get(i) >= from && arrivals.get(i - 1) <= until) {
                    longest = Math.max(longest, (arrivals.get(i) - arrivals.get(i - 1)) / 1e6);
                }
            }
            return longest;
        }
    }

    /// @param under  how many generations are under way
    /// @param tokens tokens of each answer
    ClosedLoop(Map<String, Object> kafka, String registryUrl, TopicNames topics, int partitions, int under,
            int tokens) {
        this.under = under;
        this.tokens = tokens;
        topic = topics.requests();
        var registry = Map.of("schema.registry.url", registryUrl);
        requests = ContractSerde.of(GenerationRequest.class, registry);
        chunks = ContractSerde.of(TokenChunk.class, registry);
        producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
        var properties = new HashMap<>(kafka);
        properties.put("isolation.level", "read_committed");
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var assigned = IntStream.range(0, partitions)
                .mapToObj(partition -> new TopicPartition(topics.tokens(), partition)).toList();
        consumer.assign(assigned);
        consumer.seekToBeginning(assigned);
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (!closing) {
            synchronized (this) {
                while (!draining && live.size() < under) {
                    send();
                }
            }
            var records = consumer.poll(POLL);
            long now = System.nanoTime();
            synchronized (this) {
                records.forEach(record -> take(chunks.deserializer().deserialize(record.topic(), record.value()), now));
            }
        }
    }

    private void send() {
        String id = "instances-" + next++;
        var request = GenerationRequest.newBuilder().setId(id).setPrompt("The old house stood on the hill")
                .setMaxTokens(tokens).setIgnoreEos(true).build();
        var answer = new Answer();
        live.put(id, answer);
        answers.add(answer);
        producer.send(new ProducerRecord<>(topic, id.getBytes(StandardCharsets.UTF_8),
                requests.serializer().serialize(topic, request)));
    }

    private void take(TokenChunk chunk, long now) {
        var answer = live.get(chunk.getRequestId());
        int count = chunk.getTokenIds().size();
        if (answer == null) {
            answers.getFirst().repeated += count;       // a chunk after the last one
            return;
        }
        answer.repeated += Math.max(0, answer.tokens - chunk.getPosition());
        answer.missing += Math.max(0, chunk.getPosition() - answer.tokens);
        answer.tokens = chunk.getPosition() + count;
        received += count;
        if (count > 0) {
            answer.arrivals.add(now);
        }
        if (chunk.getFinish() != null) {
            answer.missing += Math.max(0, tokens - answer.tokens);
            live.remove(chunk.getRequestId());
        }
    }

    /// The number of committed tokens so far.
    synchronized long received() {
        return received;
    }

    synchronized int answers() {
        return answers.size();
    }

    /// The number of tokens that did not come, although later ones or the end of their answer did.
    synchronized int missing() {
        return answers.stream().mapToInt(answer -> answer.missing).sum();
    }

    /// The number of tokens that came twice.
    synchronized int repeated() {
        return answers.stream().mapToInt(answer -> answer.repeated).sum();
    }

    /// The longest pause of each generation that has one which overlaps a period, in ms.
    synchronized double[] longestPausesMs(long from, long until) {
        return answers.stream().mapToDouble(answer -> answer.longestPauseMs(from, until)).filter(ms -> ms >= 0)
                .toArray();
    }

    /// Waits until a number of generations have been requested.
    ///
    /// @throws CommandException if for a long time no token comes
    void awaitAnswers(int count) throws InterruptedException {
        long moved = System.nanoTime();
        long before = 0;
        while (answers() < count) {
            long now = received();
            if (now > before) {
                before = now;
                moved = System.nanoTime();
            } else if (System.nanoTime() - moved > PATIENCE_NANOS) {
                throw new CommandException("no token comes; " + answers() + " generations were requested");
            }
            Thread.sleep(POLL);
        }
    }

    /// Requests no further generations and waits for the end of those under way.
    ///
    /// @throws CommandException if for a long time none ends
    void drain() throws InterruptedException {
        draining = true;
        long moved = System.nanoTime();
        int before = Integer.MAX_VALUE;
        for (int left = left(); left > 0; left = left()) {
            if (left < before) {
                before = left;
                moved = System.nanoTime();
            } else if (System.nanoTime() - moved > PATIENCE_NANOS) {
                throw new CommandException(left + " generations do not end");
            }
            Thread.sleep(POLL);
        }
    }

    private synchronized int left() {
        return live.size();
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        consumer.close();
        producer.close();
    }
}
