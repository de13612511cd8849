package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.peer.DecodeProgram.BatchedBench;
import dev.flover.benchmarks.peer.DecodeProgram.Flover;
import dev.flover.benchmarks.peer.DecodeProgram.Task;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Compares decode and prefill rates with llama.cpp's and ik_llama.cpp's `llama-batched-bench`, on the same GGUF files
/// in the same minutes.
///
/// Each round runs all programs, one after the other, in processes of their own, which measure each batch size several
/// times. A round in which other processes took more than a share of the cores does not count and is repeated. Prints a
/// Markdown table with the tokens per second of Flover and of its peers and their ratios, as medians of the rounds. The
/// second peer is the better of ik_llama.cpp with and without `-rtr`, which packs weights when it loads them.
@Command(name = "decode", mixinStandardHelpOptions = true)
final class DecodeBenchmark implements Runnable {
    private static final String FLOVER = "Flover";
    private static final String LLAMA = "llama.cpp";
    private static final String IK = "ik_llama.cpp";
    private static final String REPACKED = "ik_llama.cpp -rtr";
    /// The most rounds are this many times the rounds that should count.
    private static final int MOST_TRIES = 3;

    @Spec
    private CommandSpec spec;

    @Option(names = {"--llama", "--llama-batched-bench"}, paramLabel = "PROGRAM",
            description = "llama.cpp's llama-batched-bench.")
    private @Nullable Path llama;

    @Option(names = "--ik", paramLabel = "PROGRAM", description = "ik_llama.cpp's llama-batched-bench.")
    private @Nullable Path ik;

    @Option(names = "--batch", split = ",", defaultValue = "1,8,32", description = "Sequences at the same time.")
    private List<Integer> batches;

    @Option(names = "--prompt-tokens", defaultValue = "32", description = "Tokens of each prompt.")
    private int promptTokens;

    @Option(names = "--gen-tokens", defaultValue = "32", description = "Tokens of each answer.")
    private int generatedTokens;

    @Option(names = "--rounds", defaultValue = "3", description = "Rounds that count; their medians are printed.")
    private int rounds;

    @Option(names = "--repeat", defaultValue = "3",
            description = "Measurements of each batch size in each process; their median counts.")
    private int repeat;

    @Option(names = "--threads", defaultValue = "2", description = "Compute threads of each program.")
    private int threads;

    @Option(names = "--backend", defaultValue = "cpu", description = "Flover's backend.")
    private String backend;

    @Option(names = "--kv-bits", defaultValue = "16", description = "Bits of a number in the KV cache: 16, or 8, for "
            + "which the peers take q8_0.")
    private int kvBits;

    @Option(names = "--token-budget", defaultValue = "512", description = "Of Flover's bench engine. With prompts of "
            + "thousands of tokens, it must be so large that all sequences have begun before the first one ends.")
    private int tokenBudget;

    @Option(names = "--most-foreign", defaultValue = "5", description = "The most time of the cores that other "
            + "processes may take in a round that counts, in percent.")
    private double mostForeign;

    @Option(names = "--count-disturbed", description = "Count also rounds that other processes disturb, "
            + "and mark the rows.")
    private boolean countDisturbed;

    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "GGUF files.")
    private List<Path> models;

    /// The rates of each program by batch size, of all rounds that count, the largest memory of each program, and the
    /// largest share of other processes.
    private record Rounds(
            Map<String, Map<Integer, List<Rates>>> rates, Map<String, Long> peakBytes, int counted, int tried,
            double foreign) {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DecodeBenchmark()).setExecutionExceptionHandler((failure, command, parsed) -> {
            command.getErr().println(failure.getMessage());
            return command.getCommandSpec().exitCodeOnExecutionException();
        }).execute(arguments));
    }

    @Override
    public void run() {
        if (llama == null && ik == null) {
            throw new ParameterException(spec.commandLine(), "--llama or --ik expected, with a llama-batched-bench");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("| | processor | " + batches.stream().map(batch -> "decode, batch " + batch)
                .collect(Collectors.joining(" | "))
                + " | prefill of " + promptTokens + ", batch " + batches.getFirst()
                + " | peak memory, GB | rounds, other load |");
        out.println("|---".repeat(batches.size() + 5) + "|");
        for (var model : models) {
            out.println(row(model));
            out.flush();
        }
        out.println();
        out.println("Cells: tokens/s of Flover" + (llama == null ? "" : " / llama.cpp = ratio")
                + (ik == null ? "" : "; / the better of ik_llama.cpp with and without -rtr = ratio"));
        out.println("Peak memory, with the pages of mapped files, in this order; ik_llama.cpp without and with -rtr.");
    }

    private Map<String, DecodeProgram> programs() {
        var programs = new LinkedHashMap<String, DecodeProgram>();
        if (llama != null) {
            programs.put(LLAMA, new BatchedBench(llama, peerOptions("--output-format", "jsonl")));
        }
        if (ik != null) {
            programs.put(IK, new BatchedBench(ik, peerOptions()));
            programs.put(REPACKED, new BatchedBench(ik, peerOptions("-rtr")));
        }
        programs.put(FLOVER, new Flover(backend, kvBits, tokenBudget));
        return programs;
    }

    private List<String> peerOptions(String... options) {
        var all = new ArrayList<>(List.of(options));
        if (kvBits == Byte.SIZE) {
            all.addAll(List.of("-ctk", "q8_0", "-ctv", "q8_0"));
        }
        return all;
    }

    private String row(Path model) {
        var found = rounds(model);
        var cells = new ArrayList<>(List.of(model.getFileName().toString(), processor()));
        for (int batch : batches) {
            cells.add(cell(found, batch, Rates::decode));
        }
        cells.add(cell(found, batches.getFirst(), Rates::prefill));
        cells.add(memory(found));
        cells.add(String.format(Locale.ROOT, "%d of %d, %s%.0f %%", found.counted(), found.tried(),
                countDisturbed ? "up to " : "at most ", 100 * found.foreign()));
        return "| " + String.join(" | ", cells) + " |";
    }

    private Rounds rounds(Path model) {
        var task = new Task(batches, promptTokens, generatedTokens, repeat, threads);
        var rates = new TreeMap<String, Map<Integer, List<Rates>>>();
        var peaks = new TreeMap<String, Long>();
        int counted = 0;
        int tried = 0;
        double foreign = 0;
        while (counted < rounds && tried < MOST_TRIES * rounds) {
            tried++;
            var load = new ForeignLoad();
            var round = new TreeMap<String, DecodeProgram.Outcome>();
            programs().forEach((name, program) -> round.put(name, program.measure(model, task)));
            double share = load.share();
            if (100 * share <= mostForeign || countDisturbed) {
                counted++;
                foreign = Math.max(foreign, share);
                round.forEach((name, outcome) -> peaks.merge(name, outcome.peakBytes(), Math::max));
                round.forEach((name, outcome) -> outcome.rates().forEach((batch, each) ->
                        rates.computeIfAbsent(name, none -> new TreeMap<>())
                                .computeIfAbsent(batch, none -> new ArrayList<>()).add(each)));
            }
        }
        return new Rounds(rates, peaks, counted, tried, foreign);
    }

    private String cell(Rounds found, int batch, ToDoubleFunction<Rates> rate) {
        if (found.counted() == 0) {
            return "no quiet round";
        }
        double own = median(found, FLOVER, batch, rate);
        var cell = new StringBuilder(String.format(Locale.ROOT, "%.0f", own));
        if (llama != null) {
            double theirs = median(found, LLAMA, batch, rate);
            cell.append(String.format(Locale.ROOT, " / %.0f = %.2f", theirs, own / theirs));
        }
        if (ik != null) {
            double theirs = Math.max(median(found, IK, batch, rate), median(found, REPACKED, batch, rate));
            cell.append(String.format(Locale.ROOT, "%s / %.0f = %.2f", llama == null ? "" : ";", theirs, own / theirs));
        }
        return cell.toString();
    }

    /// The largest memory of Flover and of each peer.
    private static String memory(Rounds found) {
        return Stream.of(FLOVER, LLAMA, IK, REPACKED).filter(found.peakBytes()::containsKey)
                .map(name -> String.format(Locale.ROOT, "%.2f",
                        Objects.requireNonNull(found.peakBytes().get(name)) / 1e9))
                .collect(Collectors.joining(" / "));
    }

    private static double median(Rounds found, String program, int batch, ToDoubleFunction<Rates> rate) {
        var rounds = Objects.requireNonNull(found.rates().get(program));
        return Rates.median(Objects.requireNonNull(rounds.get(batch)), rate);
    }

    /// The name of the processor's model; "unknown" where the system does not tell.
    private static String processor() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name")).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
