package dev.flover.benchmarks.page;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `bench page`: measures what the page costs the engine.
@Command(
        name = "page",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Measures steps of the engine in rounds that alternate: without a record of the steps, with it, "
                + "and while a client reads the page's stream.",
        footer = {"", "The client and the page's threads run on the same cores as the engine."})
public final class BenchPageCommand implements Runnable {
    private static final int CHUNK = 64;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--live", paramLabel = "N", defaultValue = "64",
            description = "Sequences in each step. Default: ${DEFAULT-VALUE}.")
    private int live;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "100",
            description = "Steps of a round. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "20",
            description = "Rounds of each kind; their medians count. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Mixin
    private BackendOption backend;

    @Mixin
    private ReportOption report;

    @Override
    public void run() {
        OptionRange.check(spec, "--live", live, 1, 4096);
        OptionRange.check(spec, "--steps", steps, 1, 100_000);
        OptionRange.check(spec, "--rounds", rounds, 1, 10_000);
        backend.check();
        try (var opened = model.open();
                var engine = Engine.start(
                        opened, backend.open(), EngineConfig.of(live, live + CHUNK).withPrefillChunk(CHUNK));
                var measured = new PageRounds(engine, opened.config(), live, steps)) {
            var outcome = measured.run(rounds);
            report.print(outcome, outcome.lines());
        }
    }
}
