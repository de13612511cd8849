package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Compares tokens per second and latencies with llama.cpp's server, on one GGUF file, with the same arrivals and
/// lengths.
///
/// The user starts llama.cpp's server; without `--llama` only Flover is measured. Flover is started for each of its
/// turns, so that it uses no CPU time while the other server is measured.
@Command(name = "peer", mixinStandardHelpOptions = true)
final class PeerBenchmark implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, description = "GGUF file, the one that the server has.")
    private Path model;

    @Option(names = "--llama", description = "Address of llama.cpp's server, such as http://127.0.0.1:8080.")
    private @Nullable URI llama;

    @Option(names = "--requests", defaultValue = "64", description = "Requests of each round.")
    private int requests;

    @Option(names = "--slots", defaultValue = "64", description = "The most sequences at the same time; configure "
            + "llama.cpp's server equally.")
    private int slots;

    @Option(names = "--least", defaultValue = "16", description = "Fewest tokens in a prompt, and in an answer.")
    private int least;

    @Option(names = "--most", defaultValue = "128", description = "Most tokens in a prompt, and in an answer.")
    private int most;

    @Option(names = "--gaps-ms", split = ",", defaultValue = "0,20,50,100",
            description = "Mean time between requests: 0 is a burst, others are exponential.")
    private double[] gapsMs;

    @Option(names = "--rounds", defaultValue = "3", description = "Rounds of each server, in turn; the median counts.")
    private int rounds;

    @Option(names = "--commit-interval-ms", defaultValue = "50",
            description = "Longest time in ms that Flover's tokens wait for the commit of their transaction.")
    private int commitIntervalMs;

    @Option(names = "--backend", defaultValue = "auto", description = "Flover's backend.")
    private String backend;

    @Option(names = "--http", description = "Ask Flover through its HTTP bridge, and not through the topics.")
    private boolean http;

    @Option(names = "--seed", defaultValue = "1", description = "Seed of prompts, lengths and arrivals.")
    private long seed;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new PeerBenchmark()).execute(arguments));
    }

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        try (var opened = ModelLoader.open(model); var theirs = llama == null ? null : new LlamaServer(llama)) {
            out.printf("%s: %d requests, prompts and answers of %d to %d tokens, %d at a time, median of %d rounds%n",
                    model.getFileName(), requests, least, most, slots, rounds);
            for (double gap : gapsMs) {
                out.println(gap == 0 ? "burst" : "a request every " + gap + " ms on average");
                compare(opened, theirs, workload(gap), out);
            }
            if (theirs != null && theirs.withoutText() > 0) {
                out.printf("%d answers of %s ended with an error because they are not text; they count as complete%n",
                        theirs.withoutText(), theirs.name());
            }
        }
    }

    private Workload workload(double gap) {
        var arrivals = gap == 0 ? new Arrivals.Constant(0) : new Arrivals.Exponential(gap);
        return Workload.draw(arrivals, new Lengths.Uniform(least, most), 1, requests, seed);
    }

    private void compare(Model opened, @Nullable LlamaServer theirs, Workload workload, PrintWriter out) {
        int[][] prompts = prompts(opened.config().vocabulary());
        List<Answers> ours = new ArrayList<>();
        List<Answers> others = new ArrayList<>();
        String name = "";
        for (int round = 0; round < rounds; round++) {
            if (theirs != null) {
                others.add(theirs.answer(workload, prompts));
            }
            try (var server = flover(opened)) {
                server.answer(warmUp(), prompts);
                ours.add(server.answer(workload, prompts));
                name = server.name();
            }
        }
        var own = Figures.median(ours);
        own.print(name, out);
        if (theirs != null) {
            var their = Figures.median(others);
            their.print(theirs.name(), out);
            own.over(their).print("ratio", out);
        }
        out.flush();
    }

    private Server flover(Model opened) {
        var interval = Duration.ofMillis(commitIntervalMs);
        return http ? new FloverHttpServer(opened, backend, slots, 2 * most, interval)
                : new FloverServer(opened, backend, slots, 2 * most, interval);
    }

    /// Makes a short workload that warms up connections, threads and code.
    private Workload warmUp() {
        return Workload.draw(new Arrivals.Constant(0), new Lengths.Equal(least), 1, Math.min(requests, slots), seed);
    }

    private int[][] prompts(int vocabulary) {
        var random = new Random(seed);
        var prompts = new int[requests][];
        for (int i = 0; i < requests; i++) {
            prompts[i] = random.ints(least + random.nextInt(most - least + 1), 0, vocabulary).toArray();
        }
        return prompts;
    }

    /// Medians of the rounds.
    ///
    /// @param mean mean latency in ms
    /// @param p50  median latency in ms
    /// @param p99  99th percentile of the latencies in ms
    /// @param firstToken median time to the first token in ms
    private record Figures(double tokensPerSecond, double mean, double p50, double p99, double firstToken) {
        static Figures median(List<Answers> rounds) {
            return new Figures(
                    median(rounds, Answers::tokensPerSecond),
                    median(rounds, answers -> answers.latency().mean()),
                    median(rounds, answers -> answers.latency().p50()),
                    median(rounds, answers -> answers.latency().p99()),
                    median(rounds, answers -> answers.firstToken().p50()));
        }

        private static double median(List<Answers> rounds, ToDoubleFunction<Answers> figure) {
            return Spread.of(rounds.stream().mapToDouble(figure).toArray()).p50();
        }

        Figures over(Figures other) {
            return new Figures(tokensPerSecond / other.tokensPerSecond, mean / other.mean, p50 / other.p50,
                    p99 / other.p99, firstToken / other.firstToken);
        }

        void print(String name, PrintWriter out) {
            out.printf(Locale.ROOT, "  %-24s %9.2f tokens/s   latency mean %9.2f, p50 %9.2f, p99 %9.2f   "
                    + "first token p50 %9.2f%n", name, tokensPerSecond, mean, p50, p99, firstToken);
        }
    }
}
