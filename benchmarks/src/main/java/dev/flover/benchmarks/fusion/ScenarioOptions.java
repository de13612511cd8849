package dev.flover.benchmarks.fusion;

import dev.flover.app.options.OptionRange;
import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.AzureTrace;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Workload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Options for the workloads: arrivals and lengths of requests. An option that was not given is null.
final class ScenarioOptions {
    private static final List<String> ARRIVALS = List.of("constant:500", "exponential:20", "exponential:50",
            "exponential:100", "exponential:200", "exponential:500", "exponential:1000", "exponential:5000");
    private static final List<String> QUICK_ARRIVALS =
            List.of("exponential:20", "exponential:500", "exponential:5000");
    private static final int MOST_REQUESTS = 64;
    private static final int TOKENS = 64;
    private static final int QUICK_TOKENS = 16;
    private static final double MILLISECONDS = 1000;

    @Option(names = "--requests", paramLabel = "N", defaultValue = "" + Paper.REQUESTS,
            description = "Requests of each workload, 1 to " + MOST_REQUESTS + ". Default: ${DEFAULT-VALUE}.")
    private int requests;

    @Option(names = "--tokens", paramLabel = "N",
            description = "Most tokens of a request; the paper has " + Paper.TOKENS + ". Default: " + TOKENS + ".")
    private @Nullable Integer tokens;

    @Option(names = "--prompt-tokens", paramLabel = "N", defaultValue = "" + Paper.PROMPT_TOKENS,
            description = "Tokens of each prompt. Default: ${DEFAULT-VALUE}.")
    private int promptTokens;

    @Option(names = "--arrivals", paramLabel = "KIND:MS", split = ",",
            description = "constant:MS or exponential:MS, in the paper's milliseconds: of an iteration of "
                    + Paper.ITERATION_MS + " ms and a request of " + Paper.TOKENS + " of them. Default: constant:500 "
                    + "and exponential from 20 to 5000.")
    private @Nullable List<String> arrivals;

    @Option(names = "--lengths", paramLabel = "KIND", split = ",", defaultValue = "equal,uniform",
            description = "equal, or uniform from a quarter of --tokens to all of it. Default: ${DEFAULT-VALUE}.")
    private List<String> lengths;

    @Option(names = "--trace", paramLabel = "FILE",
            description = "Also use the first requests of an Azure LLM inference trace "
                    + "(TIMESTAMP,ContextTokens,GeneratedTokens).")
    private @Nullable Path trace;

    @Option(names = "--trace-scale", paramLabel = "X", defaultValue = "0.1",
            description = "Multiplies the trace's lengths, and its times in iterations. Default: ${DEFAULT-VALUE}.")
    private double traceScale;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Seed of arrivals, lengths, prompts and random weights. Default: ${DEFAULT-VALUE}.")
    private long seed;

    long seed() {
        return seed;
    }

    int requests() {
        return requests;
    }

    int promptTokens() {
        return promptTokens;
    }

    int tokens(boolean quick) {
        return tokens != null ? tokens : quick ? QUICK_TOKENS : TOKENS;
    }

    /// @throws ParameterException naming the option whose value is out of range
    List<Scenario> scenarios(boolean quick, CommandSpec command) {
        OptionRange.check(command, "--requests", requests, 1, MOST_REQUESTS);
        OptionRange.check(command, "--tokens", tokens(quick), 2, Integer.MAX_VALUE);
        OptionRange.check(command, "--prompt-tokens", promptTokens, 1, Integer.MAX_VALUE);
        if (!(traceScale > 0 && traceScale <= 1)) {
            throw new ParameterException(
                    command.commandLine(), "--trace-scale must be in (0, 1], was " + traceScale);
        }
        var scenarios = new ArrayList<Scenario>();
        for (var kind : lengths) {
            for (var arrival : arrivals != null ? arrivals : quick ? QUICK_ARRIVALS : ARRIVALS) {
                scenarios.add(scenario(arrival, kind, tokens(quick), command));
            }
        }
        if (trace != null) {
            double unitsPerSecond = MILLISECONDS / Paper.ITERATION_MS * traceScale;
            scenarios.add(new Scenario("trace", Double.NaN, "trace",
                    AzureTrace.read(trace, requests, unitsPerSecond, traceScale)));
        }
        return scenarios;
    }

    private Scenario scenario(String arrival, String kind, int most, CommandSpec command) {
        var drawn = switch (kind) {
            case "equal" -> new Lengths.Equal(most);
            case "uniform" -> new Lengths.Uniform(Math.max(1, most / 4), most);
            default -> throw new ParameterException(
                    command.commandLine(), "--lengths must be equal or uniform, was " + kind);
        };
        double gapMs = milliseconds(arrival, command);
        double gap = Paper.iterations(gapMs, most);
        var process = arrival.startsWith("constant:") ? new Arrivals.Constant(gap) : new Arrivals.Exponential(gap);
        return new Scenario(arrival, gapMs, kind, Workload.draw(process, drawn, promptTokens, requests, seed));
    }

    private static double milliseconds(String arrival, CommandSpec command) {
        try {
            if (arrival.startsWith("constant:") || arrival.startsWith("exponential:")) {
                double gap = Double.parseDouble(arrival.substring(arrival.indexOf(':') + 1));
                if (gap >= 0 && gap <= 1e6) {
                    return gap;
                }
            }
        } catch (NumberFormatException e) {
            // the exception below explains
        }
        throw new ParameterException(command.commandLine(),
                "--arrivals must be constant:MS or exponential:MS with MS in [0, 1000000], was " + arrival);
    }
}
