package dev.flover.benchmarks.fusion;

import com.sun.management.OperatingSystemMXBean;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.OptionRange;
import dev.flover.benchmarks.fusion.strategies.ContiguousEngine;
import dev.flover.benchmarks.fusion.strategies.Strategy;
import dev.flover.benchmarks.fusion.strategies.StrategyOption;
import dev.flover.benchmarks.topics.WholeFlover;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.sharding.StoredBytes;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `bench fusion`: repeats the experiments of the Flover paper, with its baselines on the same engine.
@Command(
        name = "fusion",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Repeats the experiments of Flover (arXiv 2305.13484): the same workloads under temporal fusion "
                + "and under the strategies that it is compared with, all on the same transformer and kernels.",
        footer = {"", "Arrival times are multiples of an iteration: the time of one step of one request alone, which "
                + "is measured first. So arrivals are as frequent, relative to the speed of the model on this machine, "
                + "as in the paper; and they are the same for every strategy."})
public final class BenchFusionCommand implements Runnable {
    private static final int PAPER_SEEDS = 2000;
    private static final int MEMORY_SHARE = 4;

    @Spec
    private CommandSpec spec;

    @Option(names = "--quick", description = "Fewer and shorter workloads: a first look within a minute.")
    private boolean quick;

    @Option(names = "--model", paramLabel = "FILE", description = "A model file instead of random weights.")
    private @Nullable Path file;

    @Option(names = "--context", paramLabel = "N", defaultValue = "0",
            description = "Most positions of a sequence of --model. Default: the context that it was trained for.")
    private int context;

    @Option(names = "--shape", paramLabel = "NAME", defaultValue = "gptj-6b",
            description = "Shape of random weights: gptj-6b, llama-13b or llama-33b. Default: ${DEFAULT-VALUE}.")
    private String shape;

    @Option(names = "--divisor", paramLabel = "N",
            description = "Divides the shape's width, layers and vocabulary; 1 is the paper's size. "
                    + "Default: ${DEFAULT-VALUE}.", defaultValue = "8")
    private int divisor;

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "auto, cpu, cpu-java, reference or cuda. Default: ${DEFAULT-VALUE}.")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Compute threads of a CPU backend. Default: one for each core.")
    private int threads;

    @ArgGroup(validate = false, heading = "%nWorkloads:%n")
    private ScenarioOptions scenarioOptions = new ScenarioOptions();

    @ArgGroup(validate = false, heading = "%nStrategies:%n")
    private StrategyOption strategyOption = new StrategyOption();

    @Option(names = "--repeat", paramLabel = "N", defaultValue = "1",
            description = "Rounds of all strategies, in turn; of each strategy the run with the median makespan "
                    + "counts. Default: ${DEFAULT-VALUE}.")
    private int repeat;

    @Option(names = "--via-kafka", description = "Also measure paged fusion through the topics of an embedded broker.")
    private boolean viaKafka;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures to FILE as JSON.")
    private @Nullable Path json;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a report with plots to FILE.")
    private @Nullable Path html;

    @Override
    public void run() {
        var command = spec.commandLine();
        OptionRange.check(spec, "--threads", threads, 0, Integer.MAX_VALUE);
        OptionRange.check(spec, "--repeat", repeat, 1, Integer.MAX_VALUE);
        var scenarios = scenarioOptions.scenarios(quick, spec);
        if (scenarios.isEmpty()) {
            throw new ParameterException(command, "no workload is left; give --arrivals and --lengths, or --trace");
        }
        if (viaKafka) {
            WholeFlover.require("--via-kafka");
        }
        ReportFiles.requireWritable(json);
        ReportFiles.requireWritable(html);
        try (var model = openModel()) {
            checkContext(model, scenarios);
            long weightBytes = StoredBytes.of(model.weights());
            int tokens = scenarioOptions.tokens(quick);
            var strategies = strategyOption.strategies(scenarioOptions.requests(), ms -> Paper.iterations(ms, tokens),
                    (int) Math.min(Integer.MAX_VALUE, physicalMemory() / MEMORY_SHARE / weightBytes), command);
            var experiment = experiment(model, strategies);
            say("%s, %.0f MB of weights, on %s; an iteration of one request takes %.2f ms".formatted(
                    model.path(), weightBytes / 1e6, experiment.arithmetic(), experiment.iterationMs()));
            experiment.warmUp();
            var results = play(experiment, scenarios);
            finish(report(model, weightBytes, experiment, results));
        }
    }

    private Experiment experiment(Model model, List<Strategy> strategies) {
        try {
            return new Experiment(model, backend, threads, scenarioOptions.seed(), strategies, repeat, this::say);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--backend " + backend + ": " + e.getMessage(), e);
        }
    }

    private List<ScenarioResult> play(Experiment experiment, List<Scenario> scenarios) {
        var results = new ArrayList<ScenarioResult>();
        if (!viaKafka) {
            scenarios.forEach(scenario -> results.add(experiment.run(scenario, null)));
            return results;
        }
        try (var kafka = KafkaFusion.start(
                experiment.stage(), scenarios.stream().map(Scenario::workload).toList())) {
            scenarios.forEach(scenario -> results.add(experiment.run(scenario, kafka)));
            return results;
        }
    }

    private Model openModel() {
        if (context < 0 || context > 0 && file == null) {
            throw new ParameterException(spec.commandLine(),
                    "--context must be at least 1 and goes with --model, was " + context);
        }
        if (file != null) {
            return ModelLoader.open(file, context);
        }
        if (divisor < 1 || divisor > 64) {
            throw new ParameterException(spec.commandLine(), "--divisor must be in [1, 64], was " + divisor);
        }
        try {
            return PaperModel.of(PaperModel.Shape.named(shape), divisor, scenarioOptions.seed());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(),
                    "--shape must be gptj-6b, llama-13b or llama-33b, was " + shape, e);
        }
    }

    private void checkContext(Model model, List<Scenario> scenarios) {
        int context = model.config().contextLength();
        for (var scenario : scenarios) {
            int needed = ContiguousEngine.blockTokens(scenario.workload().mostPositions());
            if (needed > context) {
                throw new ParameterException(spec.commandLine(), "the workload " + scenario.title() + " needs "
                        + needed + " positions and the model has " + context
                        + "; give smaller --tokens, --prompt-tokens or --trace-scale");
            }
        }
    }

    private FusionReport report(
            Model model, long weightBytes, Experiment experiment, List<ScenarioResult> results) {
        return FusionReportBuilder.builder()
                .command("./flover " + String.join(" ", spec.commandLine().getParseResult().originalArgs()))
                .version(System.getProperty("os.arch") + ", Java " + Runtime.version())
                .machine(Processor.describe()).model(model.path().toString())
                .backend(experiment.stage().backend()).arithmetic(experiment.arithmetic())
                .weightBytes(weightBytes).positionBytes(experiment.stage().positionBytes())
                .iterationMs(experiment.iterationMs()).requests(scenarioOptions.requests())
                .tokens(scenarioOptions.tokens(quick)).promptTokens(scenarioOptions.promptTokens())
                .seed(scenarioOptions.seed()).paperSeeds(PAPER_SEEDS).paperTable(PaperRow.table(PAPER_SEEDS))
                .scenarios(results).build();
    }

    private void finish(FusionReport report) {
        PrintWriter out = spec.commandLine().getOut();
        new ReportTables(report).print(out);
        var files = new ReportFiles(report);
        if (json != null) {
            files.writeJson(json);
            say("figures: " + json);
        }
        if (html != null) {
            files.writeHtml(html);
            say("report: " + html);
        }
        boolean counted = report.scenarios().stream().allMatch(result -> result.completionsAgree()
                && result.countedIterations() == result.simulatedIterations());
        boolean same = report.scenarios().stream().flatMap(result -> result.outcomes().stream())
                .allMatch(Outcome::sameTokens);
        if (!counted) {
            throw new CommandException("the engine's iterations differ from the simulator's");
        }
        if (!same) {
            throw new CommandException("strategies gave requests different tokens");
        }
    }

    private static long physicalMemory() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }

    private void say(String line) {
        var out = spec.commandLine().getOut();
        out.println(line);
        out.flush();
    }
}
