package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Arrivals;
import dev.flover.app.bench.workload.Lengths;
import dev.flover.app.bench.workload.Workload;
import dev.flover.app.client.Requests;
import dev.flover.app.options.CommandException;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.Servers;
import dev.flover.engine.Engine;
import dev.flover.engine.EngineConfig;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.PipelineConfig;
import dev.flover.topology.PipelineConfig.Pace;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;

/// Paged fusion as a user of Kafka has it: requests through the topics of an embedded broker, tokens read when they are
/// committed. One pipeline for all workloads.
final class KafkaFusion implements Player, AutoCloseable {
    private static final int PARTITIONS = 4;
    private static final Duration COMMIT_INTERVAL = Duration.ofMillis(10);
    private static final Duration MOST_POLL = Duration.ofMillis(10);
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final Path folder;
    private final Servers servers;
    private final LocalPipeline pipeline;
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Requests producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Deserializer<TokenChunk> chunks;
    private int played;

    private KafkaFusion(Path folder, Stage stage, EngineConfig engineConfig) {
        this.folder = folder;
        servers = Servers.embedded(folder);
        var connection = servers.connection();
        var config = PipelineConfig.of("flover-bench", connection.bootstrapServers(), connection.registryUrl(),
                folder.resolve("state"), "bench").with(new Pace(
                        Pace.standard().tick(), COMMIT_INTERVAL, Pace.standard().chunkInterval()));
        LocalPipeline.createTopics(config, PARTITIONS);
        var engine = Engine.start(stage.model(), stage.open(), engineConfig);
        pipeline = LocalPipeline.start(config, stage.model(), engine, engineConfig, meters);
        producer = new Requests(connection, config.topics().requests());
        chunks = ContractSerde.of(TokenChunk.class, connection.registry()).deserializer();
        var properties = new HashMap<String, Object>(connection.kafka());
        properties.put("isolation.level", "read_committed");
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(IntStream.range(0, PARTITIONS)
                .mapToObj(partition -> new TopicPartition(config.topics().tokens(), partition)).toList());
        consumer.seekToBeginning(consumer.assignment());
    }

    /// Starts broker, registry and pipeline, and plays a few requests to warm them up.
    ///
    /// @param workloads that there must be room for, one at a time
    static KafkaFusion start(Stage stage, List<Workload> workloads) {
        KafkaFusion started = null;
        try {
            started = new KafkaFusion(Files.createTempDirectory("flover-bench"), stage, config(workloads));
            if (!started.pipeline.awaitReady(() -> false)) {
                throw new CommandException("interrupted while the pipeline starts");
            }
            started.play(stage, Workload.draw(new Arrivals.Constant(0), new Lengths.Equal(16), 8, 8, 0),
                    () -> new Timeline.Wall(0));
            return started;
        } catch (IOException e) {
            throw new CommandException("no folder for the broker's data could be made: " + e, e);
        } catch (RuntimeException | Error e) {
            if (started != null) {
                started.close();
            }
            throw e;
        }
    }

    private static EngineConfig config(List<Workload> workloads) {
        EngineConfig largest = PagedFusion.config(workloads.getFirst(), 2);
        for (var workload : workloads) {
            var config = PagedFusion.config(workload, 2);
            int rows = Math.max(largest.tokenBudget(), config.tokenBudget());
            largest = new EngineConfig(Math.max(largest.maxSequences(), config.maxSequences()), rows, rows,
                    PagedFusion.BLOCK_TOKENS, Math.max(largest.kvBlocks(), config.kvBlocks()), 2, false);
        }
        return largest;
    }

    @Override
    public Recording play(Stage stage, Workload workload, Supplier<Timeline> clock) {
        played++;
        var requests = new ArrayList<GenerationRequest>();
        var indexes = new HashMap<String, Integer>();
        for (int i = 0; i < workload.size(); i++) {
            requests.add(request(stage, workload, i));
            indexes.put(requests.getLast().getId(), i);
        }
        long stepsBefore = steps();
        var timeline = clock.get();
        var recording = new Recording(workload, timeline);
        var arriving = new Arriving(workload, timeline);
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!recording.isComplete()) {
            while (arriving.isDue()) {
                producer.sendLater(requests.get(arriving.take()));
            }
            if (read(indexes, recording, arriving, timeline) > 0) {
                deadline = System.nanoTime() + PATIENCE_NANOS;
            } else if (System.nanoTime() > deadline) {
                throw new CommandException("the pipeline gave no token for two minutes");
            }
            pipeline.throwIfFailed();
        }
        recording.counted(steps() - stepsBefore);
        return recording;
    }

    private GenerationRequest request(Stage stage, Workload workload, int index) {
        var ids = IntStream.of(stage.prompt(workload, index)).boxed().toList();
        return GenerationRequest.newBuilder().setId(played + "-" + index).setPromptIds(ids)
                .setMaxTokens(workload.demands().get(index).tokens()).setIgnoreEos(true)
                .setSampling(Sampling.newBuilder().setTemperature(0f).build()).build();
    }

    /// Waits for committed tokens no longer than until the next arrival.
    private int read(Map<String, Integer> indexes, Recording recording, Arriving arriving, Timeline timeline) {
        long untilNext = arriving.isEmpty() ? MOST_POLL.toNanos() : Math.max(0, arriving.nextArrival() - timeline.now());
        int count = 0;
        for (var record : consumer.poll(Duration.ofNanos(Math.min(untilNext, MOST_POLL.toNanos())))) {
            var chunk = chunks.deserialize(record.topic(), record.value());
            var index = indexes.get(chunk.getRequestId());
            if (index == null) {
                throw new CommandException("a token of an unknown request came: " + chunk.getRequestId());
            }
            long now = timeline.now();
            for (int token : chunk.getTokenIds()) {
                recording.token(index, token, now);
                count++;
            }
        }
        return count;
    }

    private long steps() {
        return Math.round(meters.get("flover.steps").functionCounter().count());
    }

    @Override
    public void close() {
        producer.close();
        consumer.close();
        pipeline.close();
        servers.close();
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
