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
        footer = {"", "Every load reads the file from the system's page cache, if that holds it. Loads are measured "
                + "from the start of their process, as `up` starts one; copying without the start of Java."})
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

    @Option(names = "--copy-to", paramLabel = "DIR", defaultValue = "/dev/shm",
            description = "Folder in memory to which the command cp copies the file, for comparison; the copy is "
                    + "removed. Default: ${DEFAULT-VALUE}, if it has room.")
    private Path memory;

    @Mixin
    private BackendOption backend;

    @Mixin
    private ReportOption report;

    /// The time in seconds of loading the model in one process, and the memory in bytes of that process afterwards; 0
    /// where nobody measures it.
    ///
    /// @param anonymous memory of its own
    /// @param files     resident pages of mapped files
    /// @param peak      most resident memory
    private record Load(double seconds, double anonymous, double files, double peak) {
        /// @param memory the line of a [LoadingProcess]
        static Load of(double seconds, String memory) {
            String[] words = memory.split(" ");
            return new Load(seconds, Double.parseDouble(words[1]), Double.parseDouble(words[2]),
                    Double.parseDouble(words[3]));
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
        boolean copies = canCopy();
        for (int round = 0; round < rounds; round++) {
            var kept = folder == null ? null : Files.createTempDirectory(Files.createDirectories(folder), "bench-");
            try {
                for (var way : Way.values()) {
                    boolean measured = switch (way) {
                        case CP -> copies;
                        case COPY, PACK -> true;
                        case KEEP, MAP -> kept != null;
                    };
                    if (measured) {
                        loads.computeIfAbsent(way, none -> new ArrayList<>()).add(load(way, kept));
                    }
                }
            } finally {
                remove(kept);
            }
        }
        return loads;
    }

    /// Whether the folder for the copy has room. If the user named it, it must.
    private boolean canCopy() throws IOException {
        boolean can = Files.isDirectory(memory) && Files.isWritable(memory)
                && Files.getFileStore(memory).getUsableSpace() > Files.size(model.path());
        if (!can) {
            String problem = "--copy-to: expected a folder with room for the " + Files.size(model.path())
                    + " bytes of the model, found " + memory;
            if (spec.commandLine().getParseResult().hasMatchedOption("--copy-to")) {
                throw new ParameterException(spec.commandLine(), problem);
            }
            spec.commandLine().getErr().println(problem + "; cp is not measured");
        }
        return can;
    }

    private Load load(Way way, @Nullable Path kept) throws IOException {
        if (way == Way.CP) {
            return copy();
        }
        int threads = backend.threads() == 0 ? Runtime.getRuntime().availableProcessors() : backend.threads();
        var builder = new ProcessBuilder(JavaCommand.ofEngine(LoadingProcess.class).inherit(List.of("-XX:AOTCache"))
                .with("-Xmx1g").arguments(way.name(), model.path().toString(), backend.name(),
                        Integer.toString(threads), String.valueOf(kept), Integer.toString(model.context())).line());
        long start = System.nanoTime();
        var process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        Load load = null;
        double seconds = 0;
        try (var output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(LoadingProcess.LOADED)) {
                    seconds = way == Way.COPY ? Double.parseDouble(line.substring(LoadingProcess.LOADED.length()))
                            : (System.nanoTime() - start) * 1e-9;
                } else if (line.startsWith(LoadingProcess.MEMORY)) {
                    load = Load.of(seconds, line);
                }
            }
        }
        await(process, way);
        if (load == null) {
            throw new CommandException("a process that should " + way.words + " printed no result");
        }
        return load;
    }

    private Load copy() throws IOException {
        var copy = Files.createTempFile(memory, "flover-bench-", ".gguf");
        copy.toFile().deleteOnExit();       // Ctrl-C while it is written
        try {
            long start = System.nanoTime();
            await(new ProcessBuilder("cp", model.path().toString(), copy.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start(), Way.CP);
            return new Load((System.nanoTime() - start) * 1e-9, 0, 0, 0);
        } finally {
            Files.delete(copy);
        }
    }

    private static void await(Process process, Way way) {
        try {
            if (process.waitFor() != 0) {
                throw new CommandException("a process that should " + way.words + " ended with "
                        + process.exitValue());
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
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
        var lines = new ArrayList<LoadingReport.Line>();
        loads.forEach((way, all) -> lines.add(new LoadingReport.Line(
                way.words, median(all, Load::seconds), ratio(all, loads.get(Way.CP)), ratio(all, loads.get(Way.COPY)),
                median(all, Load::anonymous), median(all, Load::files), median(all, Load::peak))));
        return new LoadingReport(model.path().toString(), Files.size(model.path()), rounds, lines);
    }

    /// The median of the rounds' ratios to copying the file in one way; null if that was not measured.
    private static @Nullable Double ratio(List<Load> loads, @Nullable List<Load> copies) {
        if (copies == null) {
            return null;
        }
        var ratios = new double[loads.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = loads.get(i).seconds() / copies.get(i).seconds();
        }
        return Spread.of(ratios).p50();
    }

    private static double median(List<Load> loads, ToDoubleFunction<Load> figure) {
        return Spread.of(loads.stream().mapToDouble(figure).toArray()).p50();
    }
}
