package dev.flover.benchmarks.loading;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.embedded.JavaCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `bench loading`.
@Command(
        name = "loading",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Measures how long a GGUF file takes to load, beside copying it into memory, and how much "
                + "memory it takes, in rounds of new processes.",
        footer = {"", "Every load reads the file from the system's page cache, if that holds it."})
public final class BenchLoadingCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3",
            description = "Processes for each way; their medians count. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--packed-weights", paramLabel = "DIR",
            description = "Also measure packed weights that are kept in a new folder in this one, which is removed at "
                    + "the end.")
    private @Nullable Path folder;

    @Mixin
    private BackendOption backend;

    @Mixin
    private ReportOption report;

    /// The time in seconds of loading the model in one process, and the memory in bytes of that process afterwards.
    ///
    /// @param anonymous memory of its own
    /// @param files     resident pages of mapped files
    /// @param peak      most resident memory
    private record Load(double seconds, double anonymous, double files, double peak) {
        static Load parse(String line) {
            String[] words = line.split(" ");
            return new Load(Double.parseDouble(words[1]), Double.parseDouble(words[2]),
                    Double.parseDouble(words[3]), Double.parseDouble(words[4]));
        }
    }

    @Override
    public void run() {
        OptionRange.check(spec, "--rounds", rounds, 1, 1000);
        backend.check();
        if (!Files.isRegularFile(model.path())) {
            throw new ParameterException(spec.commandLine(),
                    "--model: copying is measured for one GGUF file, found " + model.path());
        }
        try {
            var outcome = outcome(measure());
            report.print(outcome, outcome.lines());
        } catch (IOException e) {
            throw new CommandException("could not measure: " + CommandException.reason(e), e);
        }
    }

    private Map<Way, List<Load>> measure() throws IOException {
        var loads = new EnumMap<Way, List<Load>>(Way.class);
        for (int round = 0; round < rounds; round++) {
            var kept = folder == null ? null : Files.createTempDirectory(Files.createDirectories(folder), "bench-");
            try {
                for (var way : Way.values()) {
                    if (kept != null || way == Way.COPY || way == Way.PACK) {
                        loads.computeIfAbsent(way, none -> new ArrayList<>()).add(load(way, kept));
                    }
                }
            } finally {
                remove(kept);
            }
        }
        return loads;
    }

    private Load load(Way way, @Nullable Path kept) throws IOException {
        int threads = backend.threads() == 0 ? Runtime.getRuntime().availableProcessors() : backend.threads();
        var builder = new ProcessBuilder(JavaCommand.ofEngine(LoadingProcess.class).with("-Xmx1g").arguments(
                way.name(), model.path().toString(), backend.name(), Integer.toString(threads),
                String.valueOf(kept), Integer.toString(model.context())).line());
        var process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new CommandException("a process that should " + way.words + " ended with "
                        + process.exitValue());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
        return output.lines().filter(line -> line.startsWith("loaded ")).map(Load::parse).findFirst()
                .orElseThrow(() -> new CommandException("a process that should " + way.words + " printed no result"));
    }

    private static void remove(@Nullable Path folder) throws IOException {
        if (folder == null) {
            return;
        }
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private LoadingReport outcome(Map<Way, List<Load>> loads) throws IOException {
        var copies = Objects.requireNonNull(loads.get(Way.COPY));
        var lines = new ArrayList<LoadingReport.Line>();
        loads.forEach((way, all) -> {
            var ratios = new double[rounds];
            for (int i = 0; i < rounds; i++) {
                ratios[i] = all.get(i).seconds() / copies.get(i).seconds();
            }
            lines.add(new LoadingReport.Line(way.words, median(all, Load::seconds), Spread.of(ratios).p50(),
                    median(all, Load::anonymous), median(all, Load::files), median(all, Load::peak)));
        });
        return new LoadingReport(model.path().toString(), Files.size(model.path()), rounds, lines);
    }

    private static double median(List<Load> loads, ToDoubleFunction<Load> figure) {
        return Spread.of(loads.stream().mapToDouble(figure).toArray()).p50();
    }
}
