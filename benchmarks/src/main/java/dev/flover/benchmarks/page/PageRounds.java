package dev.flover.benchmarks.page;

import dev.flover.app.connection.Connection;
import dev.flover.app.page.PageConfig;
import dev.flover.app.page.PageServer;
import dev.flover.app.pipeline.PageOfPipeline;
import dev.flover.engine.Engine;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Runs steps of one engine in rounds of three kinds, one after the other. A sequence that ends is replaced.
final class PageRounds implements TokenSink, AutoCloseable {
    private static final int PROMPT = 16;
    private static final int WARM_UP = 200;

    private final Engine engine;
    private final ModelConfig model;
    private final int live;
    private final int steps;
    private final StepTrace trace = PageOfPipeline.newTrace();
    private final SplittableRandom random = new SplittableRandom(1);
    private final PageServer page;
    private int missing;

    PageRounds(Engine engine, ModelConfig model, int live, int steps) {
        this.engine = engine;
        this.model = model;
        this.live = live;
        this.steps = steps;
        missing = live;
        // No broker has to answer at this address: the client reads only the stream of steps, which needs no topic.
        page = PageServer.start(PageConfig.usual(new PageConfig.Topics(
                Connection.of("localhost:1", "mock://unused"), TopicNames.standard(), "unused")),
                new BenchSource(List.of(trace)));
    }

    PageReport run(int rounds) {
        double[] plain = new double[rounds];
        double[] recording = new double[rounds];
        double[] open = new double[rounds];
        run(Math.min(WARM_UP, 2 * steps), null);
        long frames = 0;
        long bytes = 0;
        for (int round = 0; round < rounds; round++) {
            plain[round] = run(steps, null);
            recording[round] = run(steps, trace) / plain[round];
            try (var client = PageReader.open(page.url())) {
                open[round] = run(steps, trace) / plain[round];
                frames += client.frames();
                bytes += client.bytes();
            }
        }
        double stepMs = median(plain) / 1e6;
        return new PageReport(live, 1000 / stepMs, stepMs, median(recording), median(open), frames, bytes);
    }

    /// Runs steps, and returns the mean time of one in ns.
    ///
    /// @param recorded takes the steps' times; null to record none
    private double run(int count, @Nullable StepTrace recorded) {
        engine.recordTo(recorded);
        long end = engine.status().steps() + count;
        long begin = System.nanoTime();
        while (engine.status().steps() < end) {
            for (; missing > 0; missing--) {
                engine.admit(request());
            }
            engine.step(this);
        }
        return (double) (System.nanoTime() - begin) / count;
    }

    private SequenceRequest request() {
        int[] prompt = random.ints(PROMPT, 0, model.vocabulary()).toArray();
        int most = model.contextLength() - PROMPT;
        return SequenceRequest.of(prompt, SamplingParams.sampled(1, random.nextLong()),
                random.nextInt(Math.max(1, most / 2), most + 1), TokenSet.EMPTY);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    @Override
    public void token(
            long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {}

    @Override
    public void finished(long sequence, FinishReason reason) {
        missing++;
    }

    @Override
    public void close() {
        page.close();
    }
}
