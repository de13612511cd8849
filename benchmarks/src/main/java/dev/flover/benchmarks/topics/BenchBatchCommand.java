package dev.flover.benchmarks.topics;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.LoadingLine;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.benchmarks.workload.LengthOptions;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.Model;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `bench batch`: compares the command `batch` with requests that are written to the topic at once, and
/// measures how long other requests wait beside it.
@Command(
        name = "batch",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Measures the command `batch` with a pipeline, a broker and a registry of its own: first its "
                + "rate, in rounds that alternate with the same requests written to the topic at once; then the time "
                + "to the first committed token of other requests, without and beside a job that saturates the engine.",
        footer = {"", "Everything runs on the same cores. The first round of each kind is a warm-up and does not "
                + "count."})
public final class BenchBatchCommand implements Runnable {
    private static final int BLOCK_TOKENS = 16;
    private static final int PREFILL_CHUNK = 64;
    private static final int MOST_LINES = 1_000_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--lines", paramLabel = "N", defaultValue = "2000",
            description = "Lines of a job, and requests of a round without it. Default: ${DEFAULT-VALUE}.")
    private int lines;

    @Option(names = "--live", paramLabel = "N", defaultValue = "64",
            description = "Most generations in one fused step; further ones wait. Default: ${DEFAULT-VALUE}.")
    private int live;

    @Option(names = "--others", paramLabel = "N", defaultValue = "100",
            description = "Other requests, one after the other, without and beside a job. Default: ${DEFAULT-VALUE}.")
    private int others;

    @Mixin
    private LengthOptions lengths;

    @Option(names = "--repeat", paramLabel = "N", defaultValue = "3",
            description = "Rounds of each kind that count; the median ratio is reported. Default: ${DEFAULT-VALUE}.")
    private int repeat;

    @Mixin
    private BackendOption backend;

    @Mixin
    private ReportOption report;

    @Override
    public void run() {
        WholeFlover.require("bench batch");
        OptionRange.check(spec, "--lines", lines, 1, MOST_LINES);
        OptionRange.check(spec, "--live", live, 1, 4096);
        OptionRange.check(spec, "--others", others, 1, MOST_LINES);
        OptionRange.check(spec, "--repeat", repeat, 1, 100);
        lengths.check(1);
        backend.check();
        try (var opened = model.open();
                var pipeline = TemporaryPipeline.start(opened, engine(opened), engineConfig(),
                        Duration.ofMillis(50), 2);
                var measurement = new BatchMeasurement(pipeline, opened.config().vocabulary(), lines,
                        lengths.promptTokens(), lengths.generatedTokens(), report.narration())) {
            var outcome = measurement.run(repeat, others);
            report.print(outcome, outcome.lines());
        } catch (IOException e) {
            throw new CommandException("the file of lines cannot be written: " + CommandException.reason(e), e);
        }
    }

    private Engine engine(Model opened) {
        return LoadingLine.start(opened, backend.open(), engineConfig(), spec.commandLine().getErr());
    }

    private EngineConfig engineConfig() {
        int positions = lengths.promptTokens() + lengths.generatedTokens();
        int blocks = live * Math.ceilDiv(positions + 1, BLOCK_TOKENS) + BLOCK_TOKENS;
        return EngineConfig.of(live, live + PREFILL_CHUNK).with(c -> c
                .prefillChunk(PREFILL_CHUNK).blockTokens(BLOCK_TOKENS).kvBlocks(blocks).prefixCaching(false));
    }
}
