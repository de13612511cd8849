package dev.flover.benchmarks.fusion;

import dev.flover.app.options.CommandException;
import dev.flover.benchmarks.fusion.strategies.Arriving;
import dev.flover.benchmarks.fusion.strategies.PagedFusion;
import dev.flover.benchmarks.fusion.strategies.Player;
import dev.flover.benchmarks.fusion.strategies.Recording;
import dev.flover.benchmarks.fusion.strategies.Stage;
import dev.flover.benchmarks.fusion.strategies.Timeline;
import dev.flover.benchmarks.topics.TemporaryPipeline;
import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// Paged fusion through Kafka: requests go through the topics of an embedded broker, and tokens are read when they are
/// committed. One pipeline plays all workloads.
final class KafkaFusion implements Player, AutoCloseable {
    private static final int PARTITIONS = 4;
    private static final Duration COMMIT_INTERVAL = Duration.ofMillis(10);
    private static final Duration MOST_POLL = Duration.ofMillis(10);
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final TemporaryPipeline pipeline;
    private int played;

    private KafkaFusion(TemporaryPipeline pipeline) {
        this.pipeline = pipeline;
    }

    /// Starts broker, registry and pipeline, and plays a few requests to warm them up.
    ///
    /// @param workloads the workloads that will be played, one at a time, for which the engine must be large enough
    static KafkaFusion start(Stage stage, List<Workload> workloads) {
        var config = config(workloads);
        var engine = Engine.start(stage.model(), stage.open(), config);
        var kafka = new KafkaFusion(TemporaryPipeline.start(
                stage.model(), engine, config, COMMIT_INTERVAL, PARTITIONS));
        var warmUp = Workload.draw(new Arrivals.Constant(0), new Lengths.Equal(16), 8, 8, 0);
        try {
            kafka.play(stage, warmUp, () -> new Timeline.Wall(0));
            return kafka;
        } catch (RuntimeException | Error e) {
            kafka.close();
            throw e;
        }
    }

    private static EngineConfig config(List<Workload> workloads) {
        EngineConfig largest = PagedFusion.config(workloads.getFirst(), 2);
        for (var workload : workloads) {
            var config = PagedFusion.config(workload, 2);
            int rows = Math.max(largest.tokenBudget(), config.tokenBudget());
            largest = EngineConfig.of(Math.max(largest.maxSequences(), config.maxSequences()), rows)
                    .withBlockTokens(PagedFusion.BLOCK_TOKENS)
                    .withKvBlocks(Math.max(largest.kvBlocks(), config.kvBlocks()))
                    .withPrefixCaching(false);
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
        long stepsBefore = pipeline.steps();
        var timeline = clock.get();
        var recording = new Recording(workload, timeline);
        var arriving = new Arriving(workload, timeline);
        long giveUp = System.nanoTime() + PATIENCE_NANOS;
        while (!recording.isComplete()) {
            while (arriving.isDue()) {
                pipeline.send(requests.get(arriving.take()));
            }
            pipeline.read(untilNext(arriving, timeline),
                    chunk -> take(chunk, Objects.requireNonNull(indexes.get(chunk.getRequestId())), recording,
                            timeline.now()));
            if (System.nanoTime() > giveUp) {
                throw new CommandException("the pipeline did not answer all requests within two minutes");
            }
        }
        recording.counted(pipeline.steps() - stepsBefore);
        return recording;
    }

    private GenerationRequest request(Stage stage, Workload workload, int index) {
        var ids = IntStream.of(stage.prompt(workload, index)).boxed().toList();
        return GenerationRequest.newBuilder().setId(played + "-" + index).setPromptIds(ids)
                .setMaxTokens(workload.demands().get(index).tokens()).setIgnoreEos(true)
                .setSampling(Sampling.newBuilder().setTemperature(0f).build()).build();
    }

    private static void take(TokenChunk chunk, int index, Recording recording, long now) {
        for (int token : chunk.getTokenIds()) {
            recording.token(index, token, now);
        }
    }

    /// Returns how long reading may wait: at most until the next request arrives.
    private static Duration untilNext(Arriving arriving, Timeline timeline) {
        if (arriving.isEmpty()) {
            return MOST_POLL;
        }
        long nanos = Math.max(0, arriving.nextArrival() - timeline.now());
        return Duration.ofNanos(Math.min(nanos, MOST_POLL.toNanos()));
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
