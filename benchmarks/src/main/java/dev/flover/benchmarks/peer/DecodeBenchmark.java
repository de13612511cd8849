package dev.flover.benchmarks.peer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Main;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.embedded.JavaCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Compares decode and prefill rates with `llama-batched-bench`, on the same GGUF files in the same minute.
///
/// Each round runs both programs, one after the other, in processes of their own, which measure each batch size several
/// times. Prints a Markdown table with the tokens per second of Flover and of llama.cpp and their ratio, as medians of
/// the rounds.
@Command(name = "decode", mixinStandardHelpOptions = true)
public final class DecodeBenchmark implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--llama-batched-bench", required = true, description = "llama.cpp's program.")
    private Path program;

    @Option(names = "--batch", split = ",", defaultValue = "1,8,32", description = "Sequences at the same time.")
    private List<Integer> batches;

    @Option(names = "--prompt-tokens", defaultValue = "32")
    private int promptTokens;

    @Option(names = "--gen-tokens", defaultValue = "32")
    private int generatedTokens;

    @Option(names = "--rounds", defaultValue = "3")
    private int rounds;

    @Option(names = "--repeat", defaultValue = "3", description = "Of a batch size in each process.")
    private int repeat;

    @Option(names = "--threads", defaultValue = "2")
    private int threads;

    @Option(names = "--backend", defaultValue = "cpu")
    private String backend;

    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "GGUF files.")
    private List<Path> models;

    /// Tokens per second at one batch size.
    private record Rates(double decode, double prefill) {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DecodeBenchmark()).execute(arguments));
    }

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.println("| | " + batches.stream().map(batch -> "decode, batch " + batch).collect(Collectors.joining(" | "))
                + " | prefill of " + promptTokens + ", batch " + batches.getFirst() + " |");
        out.println("|---".repeat(batches.size() + 2) + "|");
        for (var model : models) {
            out.println(row(model));
            out.flush();
        }
    }

    private String row(Path model) {
        var ours = new TreeMap<Integer, List<Rates>>();
        var theirs = new TreeMap<Integer, List<Rates>>();
        for (int round = 0; round < rounds; round++) {
            theirs(model).forEach((batch, rates) -> add(batch, rates, theirs));
            ours(model).forEach((batch, rates) -> add(batch, rates, ours));
        }
        var cells = new ArrayList<String>(List.of(model.getFileName().toString()));
        for (int batch : batches) {
            cells.add(cell(ours.get(batch), theirs.get(batch), Rates::decode));
        }
        int first = batches.getFirst();
        cells.add(cell(ours.get(first), theirs.get(first), Rates::prefill));
        return "| " + String.join(" | ", cells) + " |";
    }

    private static void add(int batch, Rates rates, Map<Integer, List<Rates>> all) {
        all.computeIfAbsent(batch, none -> new ArrayList<>()).add(rates);
    }

    private static String cell(List<Rates> ours, List<Rates> theirs, ToDoubleFunction<Rates> rate) {
        double own = median(ours, rate);
        double their = median(theirs, rate);
        return String.format(Locale.ROOT, "%.0f / %.0f = %.1f", own, their, own / their);
    }

    private static double median(List<Rates> rates, ToDoubleFunction<Rates> rate) {
        return Spread.of(rates.stream().mapToDouble(rate).toArray()).p50();
    }

    private Map<Integer, Rates> ours(Path model) {
        var report = json(output(JavaCommand.ofEngine(Main.class).with("--add-modules=jdk.incubator.vector")
                .arguments("bench", "engine", "--model", model.toString(), "--backend", backend,
                        "--threads", Integer.toString(threads), "--batch", list(1),
                        "--prompt-tokens", Integer.toString(promptTokens),
                        "--gen-tokens", Integer.toString(generatedTokens),
                        "--repeat", Integer.toString(repeat), "--json").line()));
        var rates = new TreeMap<Integer, Rates>();
        for (var result : report.get("results")) {
            rates.put(result.get("batch").asInt(), new Rates(result.get("decode_tokens_per_s").asDouble(),
                    result.get("prefill_tokens_per_s").asDouble()));
        }
        return rates;
    }

    private Map<Integer, Rates> theirs(Path model) {
        int most = batches.stream().max(Integer::compare).orElseThrow();
        String lines = output(List.of(program.toString(), "-m", model.toString(),
                "-npp", Integer.toString(promptTokens), "-ntg", Integer.toString(generatedTokens), "-npl", list(repeat),
                "-t", Integer.toString(threads), "-tb", Integer.toString(threads),
                "-c", Integer.toString(most * (promptTokens + generatedTokens)), "--output-format", "jsonl"));
        var all = new TreeMap<Integer, List<Rates>>();
        for (var line : lines.lines().filter(line -> line.startsWith("{")).toList()) {
            var result = json(line);
            add(result.get("pl").asInt(),
                    new Rates(result.get("speed_tg").asDouble(), result.get("speed_pp").asDouble()), all);
        }
        var rates = new TreeMap<Integer, Rates>();
        all.forEach((batch, repeated) -> rates.put(
                batch, new Rates(median(repeated, Rates::decode), median(repeated, Rates::prefill))));
        return rates;
    }

    /// Returns the list of batch sizes, repeated, as an option's value.
    private String list(int times) {
        return Collections.nCopies(times, batches).stream().flatMap(List::stream).map(String::valueOf)
                .collect(Collectors.joining(","));
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("expected JSON, was: " + text, e);
        }
    }

    private static String output(List<String> command) {
        try {
            var process = new ProcessBuilder(command).redirectError(Redirect.DISCARD).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + " ended with " + process.exitValue());
            }
            return output;
        } catch (IOException e) {
            throw new IllegalStateException("could not run " + command.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + command.getFirst() + " ran", e);
        }
    }
}
