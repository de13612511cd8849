package dev.flover.benchmarks.topics;

import dev.flover.app.client.Requests;
import dev.flover.app.connection.Connection;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.options.CommandException;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.Servers;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.Model;
import dev.flover.http.Bridge;
import dev.flover.http.BridgeConfig;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Pace;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;

/// A broker, a registry, a pipeline and a client of them, in this process and a child process; closing removes
/// everything.
///
/// Not thread-safe.
public final class TemporaryPipeline implements AutoCloseable {
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Connection connection;
    private final PipelineConfig config;
    private final LocalPipeline pipeline;
    private final Requests producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Deserializer<TokenChunk> chunks;

    private TemporaryPipeline(
            Model model, Engine engine, EngineConfig engineConfig, Duration commitInterval, int partitions) {
        try {
            open(engine);       // closes it also if the pipeline never starts
            var folder = open(TemporaryFolder.create("flover-bench-"));
            var servers = open(Servers.temporary(folder));
            connection = servers.connection();
            config = PipelineConfig.of("flover-bench", connection.bootstrapServers(), connection.registryUrl(),
                    folder.path().resolve("state"), "bench").with(new Pace(
                            Pace.standard().tick(), commitInterval, Pace.standard().chunkInterval()));
            LocalPipeline.createTopics(config, partitions);
            pipeline = open(LocalPipeline.start(config, model, engine, engineConfig, meters));
            producer = open(new Requests(connection, config.topics().requests()));
            chunks = ContractSerde.of(TokenChunk.class, connection.registry()).deserializer();
            var properties = new HashMap<String, Object>(connection.kafka());
            properties.put("isolation.level", "read_committed");
            consumer = open(new KafkaConsumer<>(
                    properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
            consumer.assign(IntStream.range(0, partitions)
                    .mapToObj(partition -> new TopicPartition(config.topics().tokens(), partition)).toList());
            consumer.seekToBeginning(consumer.assignment());
            if (!pipeline.awaitReady(() -> false)) {
                throw new CommandException("interrupted while the pipeline starts");
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /// Starts everything and returns when the pipeline serves. Takes ownership of the engine; the model must stay open
    /// until this is closed.
    ///
    /// @param commitInterval longest time that tokens wait for their transaction
    /// @param partitions     number of partitions of each topic
    public static TemporaryPipeline start(
            Model model, Engine engine, EngineConfig engineConfig, Duration commitInterval, int partitions) {
        return new TemporaryPipeline(model, engine, engineConfig, commitInterval, partitions);
    }

    /// Skips the chunks that were written until now.
    void skip() {
        consumer.seekToEnd(consumer.assignment());
        consumer.assignment().forEach(consumer::position);
    }

    /// Returns the addresses of the servers, for further clients.
    Connection connection() {
        return connection;
    }

    PipelineConfig config() {
        return config;
    }

    /// Starts an HTTP bridge to the pipeline, and returns it when it is ready. It closes with the pipeline.
    public Bridge bridge() {
        var bridge = open(Bridge.start(
                BridgeConfig.of("127.0.0.1", 0, HttpSettings.access(connection, config.topics())), null));
        while (!bridge.isReady()) {
            throwIfFailed();
            Thread.onSpinWait();
        }
        return bridge;
    }

    /// @throws CommandException if the pipeline has failed
    void throwIfFailed() {
        pipeline.throwIfFailed();
    }

    /// Sends a request and returns before the broker has it.
    public void send(GenerationRequest request) {
        producer.sendLater(request);
    }

    /// Passes committed chunks to the reader, after waiting at most `most` for the first.
    ///
    /// @throws CommandException if the pipeline has failed
    public void read(Duration most, Consumer<TokenChunk> reader) {
        for (var record : consumer.poll(most)) {
            reader.accept(chunks.deserialize(record.topic(), record.value()));
        }
        pipeline.throwIfFailed();
    }

    /// Returns a timer of the pipeline's metrics: its count, and its sum in ms, since the start.
    TimerSum timer(String name) {
        var timer = meters.get(name).timer();
        return new TimerSum(timer.count(), timer.totalTime(TimeUnit.MILLISECONDS));
    }

    /// The number and the sum of the times that a timer of the pipeline has measured.
    record TimerSum(long count, double ms) {
        /// Returns the mean in ms of the times that were measured since an earlier look; 0 if there are none.
        double meanSince(TimerSum earlier) {
            return count == earlier.count ? 0 : (ms - earlier.ms) / (count - earlier.count);
        }
    }

    /// Returns the number of fused steps since the start.
    public long steps() {
        return Math.round(meters.get("flover.steps").functionCounter().count());
    }

    private <T extends AutoCloseable> T open(T part) {
        opened.push(part);
        return part;
    }

    /// Closes the parts in the reverse order of their start.
    @Override
    public void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (Exception e) {
                throw new IllegalStateException("closing a pipeline failed", e);
            }
        }
    }
}
