package dev.flover.benchmarks.instances;

import dev.flover.app.options.CommandException;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.benchmarks.instances.InstancesReport.Pauses;
import dev.flover.benchmarks.instances.InstancesReport.Received;
import dev.flover.benchmarks.instances.InstancesReport.Row;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.benchmarks.topics.WholeFlover;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `bench instances`.
@Command(
        name = "instances",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Measures one, two and more processes `up` of one group under a constant load: the rate of "
                + "committed tokens, and for how long generations get no token while another process joins and leaves. "
                + "Checks that no token is missing or repeated.",
        footer = {"", "All processes, the broker and the clients share this machine: more instances do not have more "
                + "cores."})
public final class BenchInstancesCommand implements Runnable {
    private static final int MOST_INSTANCES = 8;
    /// For how long pauses are counted after an instance is ready or has ended, in ms.
    private static final long SETTLING_MS = 2_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--instances", paramLabel = "N", split = ",", defaultValue = "1,2,3",
            description = "Numbers of processes, separated by commas. Default: ${DEFAULT-VALUE}.")
    private int[] instances;

    @Option(names = "--engines", paramLabel = "N", defaultValue = "1",
            description = "Engines of each process. Default: ${DEFAULT-VALUE}.")
    private int engines;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "1",
            description = "Compute threads of each process. Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "6",
            description = "Partitions of the topics. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--live", paramLabel = "N", defaultValue = "48",
            description = "Generations under way. Default: ${DEFAULT-VALUE}.")
    private int live;

    @Option(names = "--gen-tokens", paramLabel = "N", defaultValue = "100",
            description = "Tokens of each answer. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "10",
            description = "For how long the rate is measured, while nothing changes. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    @Mixin
    private ReportOption report;

    @Override
    public void run() {
        WholeFlover.require("bench instances");
        for (int count : instances) {
            OptionRange.check(spec, "--instances", count, 1, MOST_INSTANCES);
        }
        OptionRange.check(spec, "--engines", engines, 1, 64);
        OptionRange.check(spec, "--threads", threads, 1, 1024);
        OptionRange.check(spec, "--partitions", partitions, 1, 1000);
        OptionRange.check(spec, "--live", live, 1, 4096);
        OptionRange.check(spec, "--gen-tokens", tokens, 1, 100_000);
        OptionRange.check(spec, "--seconds", seconds, 1, 3600);
        var rows = new ArrayList<Row>();
        for (int count : instances) {
            report.narration().println("measuring " + count + (count == 1 ? " instance" : " instances"));
            rows.add(measure(count));
            report.narration().println(rows.getLast().line());
        }
        var outcome = new InstancesReport(rows);
        report.print(outcome, outcome.lines());
    }

    private Row measure(int count) {
        var running = new ArrayList<UpProcess>();
        try (var folder = TemporaryFolder.create("flover-instances");
                var broker = EmbeddedBroker.start(folder.path().resolve("broker"));
                var registry = EmbeddedRegistry.start(folder.path().resolve("registry"))) {
            try {
                for (int i = 0; i < count; i++) {
                    running.add(UpProcess.start(arguments(broker, registry, folder.path().resolve("up-" + i))));
                    running.getLast().awaitReady();
                }
                try (var clients = new ClosedLoop(Map.of("bootstrap.servers", broker.bootstrapServers()),
                        registry.url(), TopicNames.standard(), partitions, live, tokens)) {
                    clients.start();
                    return measure(count, clients, () -> UpProcess.start(
                            arguments(broker, registry, folder.path().resolve("up-" + count))));
                }
            } finally {
                running.forEach(UpProcess::close);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
    }

    private List<String> arguments(EmbeddedBroker broker, EmbeddedRegistry registry, Path data) {
        return List.of("--model", model.path().toString(), "--data", data.toString(), "--create-topics",
                "--partitions", Integer.toString(partitions), "--from", "earliest", "--metrics-port", "0",
                "--page", "off", "--threads", Integer.toString(threads), "--engines", Integer.toString(engines),
                "--bootstrap-servers", broker.bootstrapServers(), "--schema-registry-url", registry.url());
    }

    /// Starts one more instance.
    private interface Starting {
        UpProcess start();
    }

    private Row measure(int count, ClosedLoop clients, Starting oneMore) throws InterruptedException {
        clients.awaitAnswers(2 * live);     // so that the compilers of the processes have warmed up a little
        long before = clients.received();
        long begin = System.nanoTime();
        TimeUnit.SECONDS.sleep(seconds);
        long steadyEnd = System.nanoTime();
        double rate = (clients.received() - before) * 1e9 / (steadyEnd - begin);
        try (var joining = oneMore.start()) {
            joining.awaitReady();
            TimeUnit.MILLISECONDS.sleep(SETTLING_MS);
            long joined = System.nanoTime();
            TimeUnit.SECONDS.sleep(Math.max(1, seconds / 2));
            long leaves = System.nanoTime();
            joining.stop();
            TimeUnit.MILLISECONDS.sleep(SETTLING_MS);
            long left = System.nanoTime();
            clients.drain();
            var pauses = new Pauses(Spread.of(clients.longestPausesMs(begin, steadyEnd)),
                    Spread.of(clients.longestPausesMs(steadyEnd, joined)),
                    Spread.of(clients.longestPausesMs(leaves, left)));
            return new Row(count, rate, pauses,
                    new Received(clients.answers(), clients.missing(), clients.repeated()));
        }
    }
}
