package dev.flover.benchmarks.fusion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.benchmarks.fusion.strategies.Simulation;
import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.Demand;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Workload;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SimulationTest {
    @Test
    void requestsJoinAtTheNextBoundaryAndIdleTimeIsNoIteration() {
        var simulation = Simulation.of(new Workload(List.of(
                new Demand(0, 8, 4), new Demand(1500, 8, 3), new Demand(9250, 8, 2), new Demand(11_250, 8, 1))));

        assertThat(simulation.completions()).containsExactly(4000L, 5000L, 11_250L, 12_250L);
        assertThat(simulation.iterations()).isEqualTo(5 + 3);
        assertThat(simulation.overlap()).isEqualTo(10.0 / 8);
    }

    @Test
    void theClosedFormIsWhatSteppingCounts() {
        for (int seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            var workload = Workload.draw(new Arrivals.Exponential(random.nextDouble() * 30),
                    new Lengths.Uniform(1, 1 + random.nextInt(40)), 8, 1 + random.nextInt(40), seed);
            var completions = new Long[workload.size()];
            long iterations = step(workload, completions);

            var simulation = Simulation.of(workload);
            assertThat(simulation.iterations()).as("seed " + seed).isEqualTo(iterations);
            assertThat(simulation.completions()).as("seed " + seed).containsExactly(completions);
        }
    }

    /// Counts the iterations one by one, with a list of the live requests, and returns their number.
    private static long step(Workload workload, Long[] completions) {
        long now = 0;
        long iterations = 0;
        int next = 0;
        int[] left = workload.demands().stream().mapToInt(Demand::tokens).toArray();
        List<Integer> live = new ArrayList<>();
        while (Arrays.stream(completions).anyMatch(end -> end == null)) {
            while (next < workload.size() && workload.demands().get(next).arrival() <= now) {
                live.add(next++);
            }
            if (live.isEmpty()) {
                now = workload.demands().get(next).arrival();
                continue;
            }
            now += Demand.UNIT;
            iterations++;
            for (int request : List.copyOf(live)) {
                if (--left[request] == 0) {
                    completions[request] = now;
                    live.remove((Integer) request);
                }
            }
        }
        return iterations;
    }

    @Test
    void chanceExplainsThePapersIterations() {
        assertThat(PaperRow.table(400)).hasSize(7).allSatisfy(row -> {
            assertThat(row.isInside()).as(row.toString()).isTrue();
            assertThat(row.meanOverlap()).as(row.toString()).isBetween(row.lowOverlap(), row.highOverlap());
        });
    }

    @Test
    void aBurstIsOneBatchAndRareRequestsAreAlone() {
        var burst = Simulation.of(Workload.draw(new Arrivals.Constant(0), new Lengths.Equal(16), 8, 32, 1));
        var rare = Simulation.of(Workload.draw(new Arrivals.Constant(17), new Lengths.Equal(16), 8, 32, 1));

        assertThat(burst.iterations()).isEqualTo(16);
        assertThat(burst.overlap()).isEqualTo(32);
        assertThat(rare.iterations()).isEqualTo(16 * 32);
        assertThat(rare.overlap()).isEqualTo(1);
    }
}
