package dev.flover.benchmarks.engine;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.KernelTuning;
import dev.flover.app.options.LoadingLine;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.app.options.WeightOption;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.benchmarks.workload.LengthOptions;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.benchmarks.workload.WarmUp;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.format.SafetensorsFolder;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelShape;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sharding.ShardPlan;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `bench engine`: measures tokens per second by batch size, and the share of each operation in the time of
/// a step.
@Command(
        name = "engine",
        description = "Measures the engine alone: no Kafka, no text.",
        footer = {"", "Prompts are random token ids; answers have one length. Each figure is the median of --repeat "
                + "runs. Prefill ends with the step in which the last sequence gets its first token; decode is counted "
                + "over the steps in which all sequences generate. Operations are timed by the host's clock, or on a "
                + "device by its own, in a further run without graphs."})
public final class BenchEngineCommand implements Runnable {
    private static final int MOST_SEQUENCES = 4096;
    /// A JSON Schema like those of applications, in a list that is longer than any answer.
    private static final String RECORDS = """
            {"type": "array", "minItems": 100000, "items": {"type": "object", "properties": {
             "name": {"type": "string", "maxLength": 40}, "kind": {"enum": ["order", "refund", "question"]},
             "amount": {"type": "number", "minimum": 0, "maximum": 10000}, "day": {"type": "string", "format": "date"},
             "tags": {"type": "array", "items": {"type": "string", "maxLength": 12}, "maxItems": 4}},
             "required": ["name", "kind", "amount"], "additionalProperties": false}}""";
    /// The share of one core that Java's compilers may still take at the end of the warm-up.
    private static final double CALM = 0.05;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--shape", paramLabel = "NAME", completionCandidates = Shapes.class,
            description = "Random weights in the shape of a published model, instead of a file: "
                    + "${COMPLETION-CANDIDATES}. A device makes them itself.")
    private @Nullable String shape;

    @Option(names = "--weights", paramLabel = "TYPE", defaultValue = "F16",
            description = "Type of a --shape's weights: F32, F16, BF16, Q8_0 or Q4_0. Default: ${DEFAULT-VALUE}.")
    private TensorType weights;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Seed of a --shape's weights. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--batch", paramLabel = "N", split = ",", defaultValue = "1,2,4,8,16,32,64",
            description = "Concurrent sequences. Default: ${DEFAULT-VALUE}.")
    private int[] batches;

    @Mixin
    private LengthOptions lengths;

    @Option(names = "--token-budget", paramLabel = "N", defaultValue = "512",
            description = "Most rows of a step: prompt positions and sequences. Default: ${DEFAULT-VALUE}.")
    private int tokenBudget;

    @Option(names = "--temperature", paramLabel = "X", defaultValue = "0",
            description = "Temperature of sampling; 0 takes the most probable token. Default: ${DEFAULT-VALUE}.")
    private float temperature;

    @Option(names = "--top-k", paramLabel = "N", defaultValue = "0",
            description = "Sample among the N most probable tokens; 0 for all. Default: ${DEFAULT-VALUE}.")
    private int topK;

    @Option(names = "--top-p", paramLabel = "X", defaultValue = "1",
            description = "Sample among the most probable tokens whose probabilities together reach this. Default: "
                    + "${DEFAULT-VALUE}.")
    private float topP;

    @Option(names = "--constrained", paramLabel = "N", defaultValue = "0",
            description = "Sequences of each batch whose answers must fit a JSON Schema (a list of objects that is "
                    + "longer than the answer). Prints their rate relative to a batch without constraints. Default: "
                    + "${DEFAULT-VALUE}.")
    private int constrained;

    @Option(names = "--repeat", paramLabel = "N", defaultValue = "3",
            description = "Runs of each batch size. Default: ${DEFAULT-VALUE}.")
    private int repeat;

    @Option(names = "--warm-up-s", paramLabel = "N", defaultValue = "10",
            description = "Longest warm-up. It ends when Java's compilers take less than 5 %% of a core: until then, "
                    + "code that is not compiled yet is measured. Default: ${DEFAULT-VALUE}.")
    private int warmUpSeconds;

    @Mixin
    private BackendOption backend;

    @Option(names = "--tp", paramLabel = "N", split = ",", defaultValue = "1",
            description = "Ranks that divide the model among themselves: 1, 2, 4 or 8. With several numbers, or one "
                    + "above 1, the rates on each are compared with those on the first, in alternating runs, and "
                    + "operations are not timed. Default: ${DEFAULT-VALUE}.")
    private int[] ranks;

    @Option(names = "--kv-bits", paramLabel = "N", defaultValue = "16",
            description = "Bits of a number in the KV cache: 16, or 8 on a CPU. Default: ${DEFAULT-VALUE}.")
    private int kvBits;

    @Mixin
    private WeightOption weightOption;

    @Mixin
    private ReportOption report;

    private SamplingParams sampling = SamplingParams.greedy();
    private EngineRun.Constrained fitting = EngineRun.Constrained.NONE;
    private String arithmetic = "";

    private static final class Shapes implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return ModelShape.names().iterator();
        }
    }

    @Override
    public void run() {
        for (int batch : batches) {
            OptionRange.check(spec, "--batch", batch, 1, MOST_SEQUENCES);
            OptionRange.check(spec, "--constrained", constrained, 0, batch);
        }
        lengths.check(2);
        OptionRange.check(spec, "--token-budget", tokenBudget, 1, MOST_SEQUENCES * 16);
        OptionRange.check(spec, "--repeat", repeat, 1, Integer.MAX_VALUE);
        OptionRange.check(spec, "--warm-up-s", warmUpSeconds, 0, 600);
        sampling = sampling();
        if (shape != null && weightOption.isGiven()) {
            throw new ParameterException(spec.commandLine(),
                    "--packed-weights keeps the weights of a file; give --model instead of --shape");
        }
        try (var opened = open()) {
            OptionRange.check(spec, "--prompt-tokens plus --gen-tokens", positions(), 3,
                    opened.config().contextLength());
            fitting = fitting(opened);
            if (ranks.length == 1 && ranks[0] == 1) {
                measure(opened);
            } else {
                compareRanks(opened);
            }
        }
    }

    private SamplingParams sampling() {
        if (temperature == 0 && (topK != 0 || topP != 1)) {
            throw new ParameterException(spec.commandLine(),
                    "--top-k and --top-p choose among tokens to draw from: give a --temperature above 0, too");
        }
        try {
            return SamplingParams.greedy().withTemperature(temperature).withTopK(topK).withTopP(topP);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private EngineRun.Constrained fitting(Model opened) {
        if (constrained == 0) {
            return EngineRun.Constrained.NONE;
        }
        if (opened.tokenizer() == null) {
            throw new ParameterException(spec.commandLine(), "--constrained needs a model with a tokenizer, because "
                    + "answers fit by their text; " + opened.path() + " has none");
        }
        var constraint = new ConstraintCompiler(opened.tokenizer())
                .compile(new ConstraintSource.JsonSchema(RECORDS, false));
        return new EngineRun.Constrained(constrained, constraint, opened.endOfText());
    }

    private Model open() {
        if (shape == null) {
            return model.open();
        }
        try {
            return ModelShape.named(shape).random(weights, seed);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--shape: " + e.getMessage(), e);
        }
    }

    /// Measures and prints one batch size after the other, since later ones may take long.
    private void measure(Model opened) {
        int most = Arrays.stream(batches).max().orElseThrow();
        try {
            var chosen = backend.open();
            var machine = Machine.measure(chosen, backend.threads());
            var timed = new TimedBackend(chosen, shape != null);
            long start = System.nanoTime();
            configured(opened, chosen);
            var config = EngineRun.config(most, positions(), tokenBudget);
            try (var engine = LoadingLine.start(opened, timed, config, spec.commandLine().getErr())) {
                double loadSeconds = (System.nanoTime() - start) * 1e-9;
                WeightOption.report(chosen, spec.commandLine().getErr());
                if (!report.isJson()) {
                    printHead(opened, timed, loadSeconds, machine);
                }
                var results = new ArrayList<BatchResult>();
                warmUp(engine, opened, most);
                for (int batch : batches) {
                    results.add(measureBatch(engine, opened, timed, machine, batch));
                    if (!report.isJson()) {
                        print(results.getLast());
                    }
                }
                printEnd(new EngineReport(opened.path().toString(), timed.name(), timed.arithmetic(), loadSeconds,
                        machine, List.copyOf(results), Machine.peakMemoryBytes()));
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private <B extends BackendGroup> B configured(Model opened, B group) {
        KernelTuning.apply(group, backend.threads());
        return weightOption.apply(opened, Backends.withCacheOf(kvBits, group));
    }

    private void compareRanks(Model opened) {
        backend.check();
        try (var comparison = new RankComparison(engines(opened), repeat)) {
            var results = new ArrayList<RankComparison.Rates>();
            for (int batch : batches) {
                var rates = comparison.measure(batch, lengths.promptTokens(),
                        (engine, seed) -> run(engine, opened, batch, seed));
                rates.forEach(each -> report.narration().println(each.describe()));
                report.narration().flush();
                results.addAll(rates);
            }
            if (report.isJson()) {
                report.print(new RankComparison.Report(opened.path().toString(), backend.name(), arithmetic, results),
                        List.of());
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /// Starts an engine for each number of ranks, and warms it up.
    private List<RankComparison.RankedEngine> engines(Model opened) {
        int most = Arrays.stream(batches).max().orElseThrow();
        var config = EngineRun.config(most, positions(), tokenBudget);
        var engines = new ArrayList<RankComparison.RankedEngine>();
        for (int count : ranks) {
            ShardPlan.of(opened, count);
        }
        for (int count : ranks) {
            var group = configured(opened, Backends.open(
                    backend.name(), backend.threads(), count, backend.devices().first(count)));
            var engine = LoadingLine.start(opened, group, config, spec.commandLine().getErr());
            arithmetic = engine.arithmetic();
            engines.add(new RankComparison.RankedEngine(count, engine));
            warmUp(engine, opened, most);
        }
        return engines;
    }

    private void warmUp(Engine engine, Model opened, int most) {
        run(engine, opened, most, 0);
        WarmUp.of(Duration.ofSeconds(warmUpSeconds), CALM, () -> run(engine, opened, 1, 0));
    }

    private EngineRun.Times run(Engine engine, Model opened, int batch, long seed) {
        return run(engine, opened, batch, seed, fitting);
    }

    private EngineRun.Times run(Engine engine, Model opened, int batch, long seed, EngineRun.Constrained some) {
        return new EngineRun(engine, batch, lengths.promptTokens(), lengths.generatedTokens(), sampling, some)
                .measure(opened.config().vocabulary(), seed);
    }

    private static double decodeRate(EngineRun.Times times) {
        return times.decodeTokens() / times.decodeSeconds();
    }

    private BatchResult measureBatch(
            Engine engine, Model opened, TimedBackend timed, Machine machine, int batch) {
        var decode = new double[repeat];
        var prefill = new double[repeat];
        var ratios = new double[repeat];
        EngineRun.Times times = null;
        for (int i = 0; i < repeat; i++) {
            double without = constrained == 0 ? 0
                    : decodeRate(run(engine, opened, batch, i + 1, EngineRun.Constrained.NONE));
            timed.reset(batch);
            times = run(engine, opened, batch, i + 1);
            decode[i] = decodeRate(times);
            ratios[i] = decode[i] / without;
            prefill[i] = (double) batch * lengths.promptTokens() / times.prefillSeconds();
        }
        var device = timed.deviceTimes();
        if (timed.isDevice()) {
            timed.timeVerbs(true);
            timed.reset(batch);
            run(engine, opened, batch, repeat + 1);
            timed.timeVerbs(false);
        }
        double stepUs = Objects.requireNonNull(times).decodeSeconds() * 1e6 / times.fullSteps();
        var numbers = numbers(opened, machine);
        return BatchResult.of(batch, Spread.of(decode).p50(), Spread.of(prefill).p50(), times, device,
                Floor.of(timed.costs(), timed.steps(), stepUs, machine, numbers, fileBytes(opened)),
                OperationShare.of(timed, stepUs, machine, numbers),
                constrained == 0 ? null : Spread.of(ratios).p50());
    }

    /// Bytes of the files with the model's weights; 0 for a model of random weights.
    private long fileBytes(Model opened) {
        if (shape != null) {
            return 0;
        }
        Path path = opened.path();
        if (Files.isDirectory(path)) {
            return SafetensorsFolder.files(path).stream().mapToLong(file -> file.toFile().length()).sum();
        }
        try (var files = Files.list(path.toAbsolutePath().getParent())) {
            return files.filter(file -> withoutPart(file).equals(withoutPart(path)))
                    .mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            throw new UncheckedIOException("the size of " + opened.path() + " cannot be read", e);
        }
    }

    /// A file's name, which the parts of a divided GGUF file have in common (NAME-00001-of-00003.gguf).
    private static String withoutPart(Path file) {
        return file.getFileName().toString().replaceFirst("-\\d{5}-of-", "-of-");
    }

    private static Machine.Numbers numbers(Model opened, Machine machine) {
        var type = opened.weights().layers().getFirst().attentionOut().ranges().getFirst().tensor().type();
        if (type.blockElements() > 1) {
            return machine.int8Gops() > 0 ? Machine.Numbers.BYTES : Machine.Numbers.FLOATS;
        }
        return type == TensorType.BF16 ? Machine.Numbers.BF16 : Machine.Numbers.FLOATS;
    }

    private void printHead(Model opened, TimedBackend timed, double loadSeconds, Machine machine) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, "%s on %s, arithmetic %s, loaded in %.2f s%n", opened.path(), timed.name(),
                timed.arithmetic(), loadSeconds);
        out.println(machine.describe());
        out.flush();
    }

    private void print(BatchResult result) {
        PrintWriter out = spec.commandLine().getOut();
        out.println();
        out.printf(Locale.ROOT, "batch %d: %.1f tokens/s decode in %d steps of all sequences, %.1f tokens/s "
                        + "prefill; a step takes %.3f ms, its scheduling %.1f us; it allocates %.0f bytes, "
                        + "%d collections%n",
                result.batch(), result.decodeTokensPerSecond(), result.steps(), result.prefillTokensPerSecond(),
                result.stepMs(), result.scheduleUs(), result.allocatedBytesPerStep(), result.collections());
        if (result.ofUnconstrained() != null) {
            out.printf(Locale.ROOT, "  %d of them constrained: %.3f of the tokens/s without constraints%n", constrained,
                    result.ofUnconstrained());
        }
        var floor = result.floor();
        out.printf(Locale.ROOT, "  a step's floor: %.0f us of reading, %.0f us of arithmetic; %.0f %% of its "
                        + "time%n",
                floor.memoryUs(), floor.arithmeticUs(), 100 * floor.share());
        if (floor.fileUs() > 0) {
            out.printf(Locale.ROOT, "  reading all bytes of the model's files takes %.0f us; %.0f %% of a step's "
                            + "time%n",
                    floor.fileUs(), floor.fileUs() / result.stepMs() / 10);
        }
        if (result.device() != null) {
            var device = result.device();
            out.printf(Locale.ROOT, "  the device is busy for %.0f us and idle for %.0f us; the host gives it a "
                    + "step in %.0f us%n", device.busy(), device.idle(), device.host());
        }
        for (var operation : result.operations()) {
            out.println("  " + operation.describe());
        }
        out.flush();
    }

    private void printEnd(EngineReport outcome) {
        report.print(outcome, List.of("",
                String.format(Locale.ROOT, "peak memory %.1f MB", outcome.peakMemoryBytes() / 1e6)));
    }

    /// Returns the positions of a sequence.
    private int positions() {
        return lengths.promptTokens() + lengths.generatedTokens();
    }
}
