package dev.flover.benchmarks.topics;

import dev.flover.app.options.LoadingLine;
import dev.flover.benchmarks.workload.Demand;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.benchmarks.workload.WarmUp;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

/// Measures the same engine alone and behind topics, in turn, so that only one of them computes at any time.
///
/// ```
///   warm up ─► [ bare: all at once ─► topics: all at once ] x rounds ─► bare: prefill ─► topics: one by one
/// ```
final class PipelineMeasurement {
    private static final int BLOCK_TOKENS = 16;
    private static final int PREFILL_CHUNK = 64;
    private static final int WARM_UP_TOKENS = 32;
    private static final double WARM_UP_LOAD = 0.5;
    /// The share of one core that Java's compilers may still take at the end of the warm-up.
    private static final double CALM = 0.02;

    private final Model model;
    private final PipelineSetting setting;
    private final Workload burst;
    private final Workload arriving;
    private final PrintWriter narration;
    private final PrintWriter err;
    private int sent;

    /// @param err shows on a terminal the progress of loading a large model
    PipelineMeasurement(Model model, PipelineSetting setting, Workload burst, Workload arriving, PrintWriter narration,
            PrintWriter err) {
        this.model = model;
        this.setting = setting;
        this.burst = burst;
        this.arriving = arriving;
        this.narration = narration;
        this.err = err;
    }

    PipelineReport run() {
        say("starting a broker, a registry, a pipeline and a bare engine");
        try (var bare = new BareEngine(engine());
                var pipeline = TemporaryPipeline.start(
                        model, engine(), engineConfig(), setting.commitInterval(), setting.partitions());
                var results = new CommittedResults(pipeline, setting.partitions());
                var figures = new TopicFigures(pipeline.config(), setting.partitions())) {
            warmUp(bare, pipeline, results, figures);
            var saturation = saturate(bare, pipeline, results, figures);
            double prefillMs = bare.prefillMs(sequences(burst));
            var paced = paced(arriving, setting.load() * saturation.bareTokensPerSecond());
            say(String.format(Locale.ROOT, "one by one: %d requests in about %.0f s", paced.size(),
                    paced.demands().getLast().arrival() / (double) Demand.UNIT));
            var times = new ArrivingRequests(pipeline, paced, requests(paced)).play(setting.producers(), figures);
            return PipelineReportBuilder.builder().model(String.valueOf(model.path().getFileName()))
                    .backend(setting.backend()).requests(burst.size()).live(setting.live())
                    .partitions(setting.partitions()).commitIntervalMs(setting.commitInterval().toMillis())
                    .saturation(saturation).prefillMs(prefillMs).arriving(times).build();
        }
    }

    private void warmUp(
            BareEngine bare, TemporaryPipeline pipeline, CommittedResults results, TopicFigures figures) {
        say("warming up until Java's compilers are idle, for about " + setting.warmUp().toSeconds() + " s at most");
        var few = few(burst);
        var warmUp = WarmUp.of(setting.warmUp(), CALM, () -> {
            double rate = bare.tokensPerSecond(sequences(few));
            // The full burst, as in the measurement: after a smaller one, some code would be compiled later.
            tokensPerSecond(burst, pipeline, results);
            var paced = paced(few(arriving), WARM_UP_LOAD * rate);
            new ArrivingRequests(pipeline, paced, requests(paced)).play(setting.producers(), figures);
            results.skip();
        });
        say(String.format(Locale.ROOT, "warmed up for %.0f s: Java's compilers take %.0f %% of a core",
                warmUp.seconds(), 100 * warmUp.compilerShare()));
    }

    private Workload few(Workload workload) {
        return new Workload(workload.demands().stream().limit(setting.live()).map(demand -> new Demand(
                demand.arrival(), demand.promptTokens(), Math.min(WARM_UP_TOKENS, demand.tokens()))).toList());
    }

    private PipelineReport.Saturation saturate(
            BareEngine bare, TemporaryPipeline pipeline, CommittedResults results, TopicFigures figures) {
        double[] without = new double[setting.rounds()];
        double[] with = new double[setting.rounds()];
        double[] shares = new double[setting.rounds()];
        long changelog = figures.changelogBytes();
        for (int round = 0; round < setting.rounds(); round++) {
            without[round] = bare.tokensPerSecond(sequences(burst));
            with[round] = tokensPerSecond(burst, pipeline, results);
            shares[round] = with[round] / without[round];
            say(String.format(Locale.ROOT, "round %d of %d: bare engine %.0f tokens/s, through topics %.0f",
                    round + 1, setting.rounds(), without[round], with[round]));
        }
        double bytes = (figures.changelogBytes() - changelog) / (double) (burst.tokens() * setting.rounds());
        return new PipelineReport.Saturation(
                Spread.of(without).p50(), Spread.of(with).p50(), Spread.of(shares).p50(), bytes);
    }

    private double tokensPerSecond(Workload workload, TemporaryPipeline pipeline, CommittedResults results) {
        var requests = requests(workload);
        long begin = System.nanoTime();
        requests.forEach(pipeline::send);
        results.await(requests.size());
        return workload.tokens() * 1e9 / (System.nanoTime() - begin);
    }

    /// Stretches the arrivals so that the requests ask for the given number of tokens per second.
    private static Workload paced(Workload workload, double tokensPerSecond) {
        double seconds = workload.tokens() / tokensPerSecond;
        double span = Math.max(1, workload.demands().getLast().arrival()) / (double) Demand.UNIT;
        return new Workload(workload.demands().stream().map(demand -> new Demand(
                Math.round(demand.arrival() * seconds / span), demand.promptTokens(), demand.tokens())).toList());
    }

    private List<SequenceRequest> sequences(Workload workload) {
        return IntStream.range(0, workload.size()).mapToObj(index -> SequenceRequest.of(
                prompt(workload, index), SamplingParams.greedy(), workload.demands().get(index).tokens(),
                TokenSet.EMPTY)).toList();
    }

    private List<GenerationRequest> requests(Workload workload) {
        sent++;
        return IntStream.range(0, workload.size()).mapToObj(index -> GenerationRequest.newBuilder()
                .setId(sent + "-" + index)
                .setPromptIds(IntStream.of(prompt(workload, index)).boxed().toList())
                .setMaxTokens(workload.demands().get(index).tokens()).setIgnoreEos(true)
                .setSampling(Sampling.newBuilder().setTemperature(0f).build()).build()).toList();
    }

    private int[] prompt(Workload workload, int index) {
        return new Random(setting.seed() * 1_000_003 + index)
                .ints(workload.demands().get(index).promptTokens(), 0, model.config().vocabulary()).toArray();
    }

    private Engine engine() {
        return LoadingLine.start(model, Backends.open(setting.backend(), setting.threads(), setting.ranks(),
                setting.devices()), engineConfig(), err);
    }

    private EngineConfig engineConfig() {
        int positions = Math.max(burst.mostPositions(), arriving.mostPositions());
        int blocks = setting.live() * Math.ceilDiv(positions + 1, BLOCK_TOKENS) + BLOCK_TOKENS;
        return EngineConfig.of(setting.live(), setting.live() + PREFILL_CHUNK).with(c -> c
                .prefillChunk(PREFILL_CHUNK).blockTokens(BLOCK_TOKENS).kvBlocks(blocks).prefixCaching(false));
    }

    private void say(String line) {
        narration.println(line);
        narration.flush();
    }
}
