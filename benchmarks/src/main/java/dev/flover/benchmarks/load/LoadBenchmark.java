package dev.flover.benchmarks.load;

import dev.flover.app.pipeline.TemporaryFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/// Measures a pipeline under overload: memory, rate, shares of the tenants, waiting times, and the time until all
/// requests are answered.
///
/// ```
///   LoadBenchmark MODEL [FLOOD_SECONDS [FACTOR [DRAIN_SECONDS]]]
/// ```
public final class LoadBenchmark {
    private LoadBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length == 0) {
            System.err.println("expected: MODEL [FLOOD_SECONDS [FACTOR [DRAIN_SECONDS]]]");
            System.exit(2);
        }
        var usual = LoadPlan.standard();
        var plan = LoadPlanBuilder.builder().calibration(usual.calibration()).calmSeconds(usual.calmSeconds())
                .floodSeconds(arguments.length > 1 ? Integer.parseInt(arguments[1]) : usual.floodSeconds())
                .factor(arguments.length > 2 ? Double.parseDouble(arguments[2]) : usual.factor())
                .drainSeconds(arguments.length > 3 ? Integer.parseInt(arguments[3]) : usual.drainSeconds())
                .deadlineShare(usual.deadlineShare()).badShare(usual.badShare()).heapMb(usual.heapMb()).build();
        System.out.printf("%n%s", run(plan, Path.of(arguments[0]), System.out).markdown());
    }

    static LoadReport run(LoadPlan plan, Path model, PrintStream out) throws IOException {
        try (var folder = TemporaryFolder.create("flover-load");
                var run = new LoadRun(plan, model.toAbsolutePath(), folder.path(), out)) {
            return run.run();
        }
    }
}
