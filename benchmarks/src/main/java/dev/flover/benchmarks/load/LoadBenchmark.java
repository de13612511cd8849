package dev.flover.benchmarks.load;

import dev.flover.app.pipeline.TemporaryFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Measures a pipeline under overload: memory, rate, shares of the tenants, waiting times, and the time until all
/// requests are answered.
@Command(name = "LoadBenchmark", mixinStandardHelpOptions = true)
public final class LoadBenchmark implements Callable<Integer> {
    private static final LoadPlan USUAL = LoadPlan.standard();

    @Parameters(index = "0", paramLabel = "MODEL", description = "GGUF file or Hugging Face folder.")
    private Path model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "FLOOD_SECONDS", description = "Duration of the flood.")
    private int floodSeconds = USUAL.floodSeconds();

    @Parameters(index = "2", arity = "0..1", paramLabel = "FACTOR",
            description = "Rate of the flood, relative to the sustainable rate.")
    private double factor = USUAL.factor();

    @Parameters(index = "3", arity = "0..1", paramLabel = "DRAIN_SECONDS",
            description = "The longest wait for the answers after the flood.")
    private int drainSeconds = USUAL.drainSeconds();

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new LoadBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        var plan = LoadPlanBuilder.builder().calibration(USUAL.calibration()).calmSeconds(USUAL.calmSeconds())
                .floodSeconds(floodSeconds).factor(factor).drainSeconds(drainSeconds)
                .deadlineShare(USUAL.deadlineShare()).badShare(USUAL.badShare()).heapMb(USUAL.heapMb()).build();
        System.out.printf("%n%s", run(plan, model, System.out).markdown());
        return 0;
    }

    static LoadReport run(LoadPlan plan, Path model, PrintStream out) throws IOException {
        try (var folder = TemporaryFolder.create("flover-load");
                var run = new LoadRun(plan, model.toAbsolutePath(), folder.path(), out)) {
            return run.run();
        }
    }
}
