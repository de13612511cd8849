package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Demand;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options that choose the strategies to compare.
public final class StrategyOption {
    private static final String WINDOW = "window:";

    @Option(names = "--strategies", paramLabel = "NAME", split = ",",
            defaultValue = "one,instances,turns,window:2000,contiguous,reordered,paged",
            description = "one (a request at a time), instances (model copies that compete), turns (model copies that "
                    + "take turns without gaps), window:MS (dynamic batching; the paper's milliseconds), contiguous "
                    + "and reordered (fusion with keys and values in one piece), paged (fusion as Flover serves). "
                    + "Default: ${DEFAULT-VALUE}.")
    private List<String> names;

    @Option(names = "--instances", paramLabel = "N",
            description = "Copies of the model for `instances`. Default: one for each request, within a quarter of the "
                    + "memory.")
    private @Nullable Integer instances;

    /// @param iterations converts the paper's milliseconds to iterations
    /// @param affordable number of copies of the model that fit into the machine's memory
    /// @throws ParameterException naming the option whose value is out of range
    public List<Strategy> strategies(
            int requests, DoubleUnaryOperator iterations, int affordable, CommandLine command) {
        if (instances != null && instances < 1) {
            throw new ParameterException(command, "--instances must be at least 1, was " + instances);
        }
        int copies = instances != null ? instances : Math.max(1, Math.min(requests, affordable));
        var strategies = new ArrayList<Strategy>();
        for (var name : names) {
            strategies.add(switch (name) {
                case "one" -> new OneAtATime();
                case "instances" -> new ConcurrentInstances(copies);
                case "turns" -> new TakingTurns(requests);
                case "contiguous" -> new ContiguousFusion(false);
                case "reordered" -> new ContiguousFusion(true);
                case "paged" -> new PagedFusion(2);
                default -> window(name, requests, iterations, command);
            });
        }
        return strategies;
    }

    private static Strategy window(String name, int requests, DoubleUnaryOperator iterations, CommandLine command) {
        try {
            if (name.startsWith(WINDOW)) {
                double ms = Double.parseDouble(name.substring(WINDOW.length()));
                if (ms >= 0 && ms <= 1e6) {
                    return new WindowBatching(name.substring(WINDOW.length()),
                            Math.round(iterations.applyAsDouble(ms) * Demand.UNIT), requests);
                }
            }
        } catch (NumberFormatException e) {
            // the exception below explains
        }
        throw new ParameterException(command, "--strategies must be one, instances, turns, window:MS, contiguous, "
                + "reordered or paged, was " + name);
    }
}
