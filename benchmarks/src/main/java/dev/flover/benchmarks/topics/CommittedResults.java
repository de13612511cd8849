package dev.flover.benchmarks.topics;

import dev.flover.app.options.CommandException;
import java.time.Duration;
import java.util.HashMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Counts committed answers by their small records on the results topic, so that waiting for them takes little CPU
/// time.
///
/// Not thread-safe.
final class CommittedResults implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(100);

    private final TemporaryPipeline pipeline;
    private final KafkaConsumer<byte[], byte[]> consumer;

    CommittedResults(TemporaryPipeline pipeline, int partitions) {
        this.pipeline = pipeline;
        var properties = new HashMap<String, Object>(pipeline.connection().kafka());
        properties.put("isolation.level", "read_committed");
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(IntStream.range(0, partitions)
                .mapToObj(partition -> new TopicPartition(pipeline.config().topics().results(), partition)).toList());
        skip();
    }

    /// Skips the answers that were committed until now.
    void skip() {
        consumer.seekToEnd(consumer.assignment());
        consumer.assignment().forEach(consumer::position);
    }

    /// Returns when `answers` further answers are committed.
    ///
    /// @throws CommandException if the pipeline fails, or no answer comes for two minutes
    void await(int answers) {
        long patience = Duration.ofMinutes(2).toNanos();
        long last = System.nanoTime();
        for (int seen = 0; seen < answers; ) {
            int more = consumer.poll(LOOK).count();
            seen += more;
            if (more > 0) {
                last = System.nanoTime();
            } else if (System.nanoTime() - last > patience) {
                throw new CommandException("no answer was committed for two minutes");
            }
            pipeline.throwIfFailed();
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
