package dev.flover.benchmarks.fusion;

import dev.flover.benchmarks.fusion.strategies.ContiguousEngine;
import dev.flover.benchmarks.fusion.strategies.PagedFusion;
import dev.flover.benchmarks.fusion.strategies.Player;
import dev.flover.benchmarks.fusion.strategies.Simulation;
import dev.flover.benchmarks.fusion.strategies.Stage;
import dev.flover.benchmarks.fusion.strategies.Strategy;
import dev.flover.benchmarks.fusion.strategies.Timeline;
import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.Backends;
import dev.flover.engine.model.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Plays every scenario under every strategy, in turn, and records iterations and times.
final class Experiment {
    private static final int SOLO_RUNS = 5;
    private static final int SOLO_TOKENS = 64;
    private static final int WARM_UP_REQUESTS = 4;
    private static final int WARM_UP_TOKENS = 8;

    private final Stage stage;
    private final List<Strategy> strategies;
    private final int rounds;
    private final Consumer<String> progress;
    private final String arithmetic;
    private final long iterationNanos;

    /// Measures how long an iteration of one request alone takes, which is the unit of time of all workloads.
    ///
    /// @param rounds   number of runs of each strategy, in turn; the run with the median makespan counts
    /// @param progress receives a line for each part of the experiment
    Experiment(Model model, String backend, int threads, long seed, List<Strategy> strategies, int rounds,
            Consumer<String> progress) {
        this.strategies = strategies;
        this.rounds = rounds;
        this.progress = progress;
        var opened = Backends.open(backend, threads);
        try (var engine = new ContiguousEngine(model, opened, 1, SOLO_TOKENS, 1)) {
            arithmetic = opened.arithmetic(); // depends on the weights that the backend has now
            long positionBytes = engine.slotBytes() / ContiguousEngine.blockTokens(SOLO_TOKENS);
            stage = new Stage(model, backend, threads, positionBytes, seed);
            iterationNanos = soloIteration(engine);
        }
    }

    private static long soloIteration(ContiguousEngine engine) {
        var times = new long[SOLO_RUNS * (SOLO_TOKENS - 1)];
        for (int run = 0; run < SOLO_RUNS; run++) {
            engine.join(0, new int[] {run});
            engine.step();
            for (int i = 1; i < SOLO_TOKENS; i++) {
                long begin = System.nanoTime();
                engine.decode(0);
                engine.step();
                times[run * (SOLO_TOKENS - 1) + i - 1] = System.nanoTime() - begin;
            }
        }
        long[] warm = Arrays.copyOfRange(times, times.length / 2, times.length);
        Arrays.sort(warm);
        return warm[warm.length / 2];
    }

    Stage stage() {
        return stage;
    }

    String arithmetic() {
        return arithmetic;
    }

    double iterationMs() {
        return iterationNanos / 1e6;
    }

    /// Plays a small workload under each strategy, because the first run of each is slow.
    void warmUp() {
        var workload = Workload.draw(new Arrivals.Constant(1), new Lengths.Uniform(2, WARM_UP_TOKENS),
                Paper.PROMPT_TOKENS, WARM_UP_REQUESTS, 0);
        for (var strategy : strategies) {
            if (strategy.copiesOfWeights() == 1) {
                strategy.play(stage, workload, this::wall);
            }
        }
    }

    Timeline wall() {
        return new Timeline.Wall(iterationNanos);
    }

    /// @param kafka a further player that plays the scenario through Kafka, or null
    ScenarioResult run(Scenario scenario, @Nullable Player kafka) {
        var workload = scenario.workload();
        var simulation = Simulation.of(workload);
        var counted = new PagedFusion(1).play(stage, workload, Timeline.Iterations::new);
        progress.accept("%s: %d requests, %d tokens; fused in %d iterations, %.1f at a time; simulated %d, %.1f"
                .formatted(scenario.title(), workload.size(), workload.tokens(), counted.iterations().size(),
                        (double) workload.tokens() / counted.iterations().size(), simulation.iterations(),
                        simulation.overlap()));
        var outcomes = new ArrayList<Outcome>();
        for (int round = 0; round < rounds; round++) {
            for (var strategy : strategies) {
                add(outcomes, Outcome.of(strategy, strategy.play(stage, workload, this::wall), counted));
            }
            if (kafka != null) {
                add(outcomes, Outcome.of("kafka", "fusion, paged, via Kafka", 1,
                        kafka.play(stage, workload, this::wall), counted));
            }
        }
        return ScenarioResult.of(scenario, simulation, counted, medians(outcomes));
    }

    /// Returns for each strategy the outcome with the median makespan.
    private List<Outcome> medians(List<Outcome> outcomes) {
        int players = outcomes.size() / rounds;
        var medians = new ArrayList<Outcome>();
        for (int player = 0; player < players; player++) {
            var runs = new ArrayList<Outcome>();
            for (int round = 0; round < rounds; round++) {
                runs.add(outcomes.get(round * players + player));
            }
            runs.sort(Comparator.comparingDouble(Outcome::makespanSeconds));
            medians.add(runs.get(rounds / 2));
        }
        return List.copyOf(medians);
    }

    private void add(List<Outcome> outcomes, Outcome outcome) {
        outcomes.add(outcome);
        progress.accept("  %-30s %8.2f s %8.0f tokens/s   first token %8.1f ms   latency %8.1f ms, p99 %8.1f%s"
                .formatted(outcome.title(), outcome.makespanSeconds(), outcome.tokensPerSecond(),
                        outcome.firstTokenMs().mean(), outcome.latencyMs().mean(), outcome.latencyMs().p99(),
                        outcome.sameTokens() ? "" : "   DIFFERENT TOKENS"));
    }
}
