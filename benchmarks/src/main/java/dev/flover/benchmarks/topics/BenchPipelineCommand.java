package dev.flover.benchmarks.topics;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.app.options.RankOption;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.AzureTrace;
import dev.flover.benchmarks.workload.LengthOptions;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.model.Model;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `bench pipeline`: measures the cost of the path through Kafka, and how long a request waits for its
/// tokens.
@Command(
        name = "pipeline",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Measures the pipeline with a broker and a registry of its own and exactly-once delivery: first "
                + "all requests at once, in rounds that alternate with the bare engine; then requests that arrive one "
                + "by one.",
        footer = {"", "Tokens a second at saturation count from the first request sent to the last answer committed; "
                + "no client reads the tokens meanwhile. The broker runs on the same cores."})
public final class BenchPipelineCommand implements Runnable {
    private static final int MOST = 100_000;
    private static final int MOST_PARTITIONS = 100;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--requests", paramLabel = "N", defaultValue = "96",
            description = "Requests of each part. Default: ${DEFAULT-VALUE}.")
    private int requests;

    @Option(names = "--live", paramLabel = "N", defaultValue = "32",
            description = "Most generations in one fused step; further ones wait. Default: ${DEFAULT-VALUE}.")
    private int live;

    @Mixin
    private LengthOptions lengths;

    @Option(names = "--load", paramLabel = "X", defaultValue = "0.5",
            description = "Load of the second part: requested tokens a second, relative to the bare engine's rate. "
                    + "Default: ${DEFAULT-VALUE}.")
    private double load;

    @Option(names = "--trace", paramLabel = "FILE",
            description = "Requests of the second part come as in an Azure LLM inference trace, its times stretched to "
                    + "--load. Default: a Poisson process.")
    private @Nullable Path trace;

    @Option(names = "--trace-scale", paramLabel = "X", defaultValue = "0.1",
            description = "Multiplies the trace's lengths. Default: ${DEFAULT-VALUE}.")
    private double traceScale;

    @Option(names = "--commit-interval-ms", paramLabel = "N", defaultValue = "50",
            description = "Longest time in ms that tokens wait for the commit of their transaction. Default: "
                    + "${DEFAULT-VALUE}.")
    private int commitIntervalMs;

    @Option(names = "--producers", paramLabel = "N", defaultValue = "2",
            description = "Producers that send the requests. Default: ${DEFAULT-VALUE}.")
    private int producers;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "4",
            description = "Partitions of the topics. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--warm-up-s", paramLabel = "N", defaultValue = "180",
            description = "Longest warm-up. It ends when Java's compilers take less than 2 %% of a core: until then "
                    + "they compete with what is measured. Default: ${DEFAULT-VALUE}.")
    private int warmUpSeconds;

    @Option(names = "--repeat", paramLabel = "N", defaultValue = "3",
            description = "Rounds of the first part; the median counts. Default: ${DEFAULT-VALUE}.")
    private int repeat;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Seed of prompts and arrivals. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin
    private BackendOption backend;

    @Mixin
    private RankOption ranks;

    @Mixin
    private ReportOption report;

    @Override
    public void run() {
        WholeFlover.require("bench pipeline");
        checkOptions();
        backend.check();
        try (var opened = model.open()) {
            var equal = new Lengths.Equal(lengths.generatedTokens());
            var burst = Workload.draw(new Arrivals.Constant(0), equal, lengths.promptTokens(), requests, seed);
            var arriving = trace != null
                    ? AzureTrace.read(trace, requests, 1, traceScale)
                    : Workload.draw(new Arrivals.Exponential(1), equal, lengths.promptTokens(), requests, seed);
            checkContext(opened, burst);
            checkContext(opened, arriving);
            var setting = PipelineSettingBuilder.builder().backend(backend.name()).threads(backend.threads())
                    .ranks(ranks.count(backend.name(), opened, backend.devices(), 1)).devices(backend.devices())
                    .live(live).commitInterval(Duration.ofMillis(commitIntervalMs)).partitions(partitions)
                    .producers(producers).warmUp(Duration.ofSeconds(warmUpSeconds)).rounds(repeat).load(load)
                    .seed(seed).build();
            var outcome = new PipelineMeasurement(
                    opened, setting, burst, arriving, report.narration(), spec.commandLine().getErr()).run();
            report.print(outcome, outcome.lines());
        }
    }

    private void checkContext(Model opened, Workload workload) {
        int context = opened.config().contextLength();
        if (workload.mostPositions() > context) {
            throw new ParameterException(spec.commandLine(), "prompts of " + workload.longestPrompt()
                    + " tokens and answers of " + workload.mostTokens() + " do not fit the model's context of "
                    + context + "; give smaller --prompt-tokens, --gen-tokens or --trace-scale");
        }
    }

    private void checkOptions() {
        OptionRange.check(spec, "--requests", requests, 1, MOST);
        OptionRange.check(spec, "--live", live, 1, MOST);
        lengths.check(1);
        OptionRange.check(spec, "--commit-interval-ms", commitIntervalMs, 1, 10_000);
        OptionRange.check(spec, "--producers", producers, 1, 100);
        OptionRange.check(spec, "--partitions", partitions, 1, MOST_PARTITIONS);
        OptionRange.check(spec, "--warm-up-s", warmUpSeconds, 0, 600);
        OptionRange.check(spec, "--repeat", repeat, 1, 100);
        check(load > 0 && load <= 10, "--load must be in (0, 10], was " + load);
        check(traceScale > 0 && traceScale <= 1, "--trace-scale must be in (0, 1], was " + traceScale);
    }

    private void check(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
