package dev.flover.benchmarks;

import dev.flover.benchmarks.constraints.BenchConstraintsCommand;
import dev.flover.benchmarks.engine.BenchEngineCommand;
import dev.flover.benchmarks.fusion.BenchFusionCommand;
import dev.flover.benchmarks.instances.BenchInstancesCommand;
import dev.flover.benchmarks.kernels.BenchAttentionCommand;
import dev.flover.benchmarks.kernels.BenchKernelsCommand;
import dev.flover.benchmarks.loading.BenchLoadingCommand;
import dev.flover.benchmarks.page.BenchPageCommand;
import dev.flover.benchmarks.topics.BenchBatchCommand;
import dev.flover.benchmarks.topics.BenchPipelineCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `bench`: benchmarks that users can run on their own machines.
@Command(
        name = "bench",
        synopsisSubcommandLabel = "BENCHMARK",
        description = "Measures this machine.",
        commandListHeading = "%nBenchmarks:%n",
        subcommands = {BenchEngineCommand.class, BenchFusionCommand.class, BenchPipelineCommand.class,
            BenchBatchCommand.class, BenchConstraintsCommand.class, BenchPageCommand.class,
            BenchInstancesCommand.class, BenchKernelsCommand.class, BenchAttentionCommand.class,
            BenchLoadingCommand.class})
final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a benchmark is missing");
    }
}
