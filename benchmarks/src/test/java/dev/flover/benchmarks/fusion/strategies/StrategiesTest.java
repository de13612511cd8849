package dev.flover.benchmarks.fusion.strategies;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.benchmarks.fusion.PaperModel;
import dev.flover.benchmarks.fusion.PaperModel.Shape;
import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.Demand;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.model.Model;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Plays strategies on a clock that iterations drive, and checks what they compute in which iteration.
class StrategiesTest {
    private static Model model;
    private static Stage stage;

    @BeforeAll
    static void makeModel() {
        model = PaperModel.of(Shape.LLAMA_13B, 40, 3);
        stage = stage(model);
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    private static Stage stage(Model model) {
        var config = model.config();
        return new Stage(model, "cpu", 1, 8L * config.layers().size() * config.kvWidth(), 5);
    }

    private static Recording play(Strategy strategy, Workload workload) {
        return strategy.play(stage, workload, Timeline.Iterations::new);
    }

    private static Workload random(long seed) {
        return Workload.draw(new Arrivals.Exponential(seed % 7), new Lengths.Uniform(2, 20), 3, 12, seed);
    }

    @Test
    void fusionTakesAsManyIterationsAsTheClosedFormSays() {
        for (long seed = 1; seed <= 12; seed++) {
            var workload = random(seed);
            var simulation = Simulation.of(workload);
            for (var strategy : List.of(
                    new PagedFusion(1), new ContiguousFusion(false), new ContiguousFusion(true))) {
                var recording = play(strategy, workload);
                assertThat(recording.iterations()).as(strategy.name() + ", seed " + seed)
                        .hasSize((int) simulation.iterations());
                assertThat(LongStream.range(0, workload.size()).map(i -> recording.completion((int) i)).boxed())
                        .as(strategy.name() + ", seed " + seed).isEqualTo(simulation.completions());
            }
        }
    }

    @Test
    void everyStrategyDrawsTheSameTokens() {
        for (var shape : List.of(Shape.GPTJ_6B, Shape.LLAMA_13B)) {
            try (var other = PaperModel.of(shape, 40, 4)) {
                var workload = random(8);
                var expected = new OneAtATime().play(stage(other), workload, Timeline.Iterations::new);
                for (var strategy : List.of(new TakingTurns(3), new WindowBatching("5", 5000, 4),
                        new ContiguousFusion(false), new ContiguousFusion(true), new PagedFusion(1),
                        new PagedFusion(2), new ConcurrentInstances(2))) {
                    var recording = strategy.play(stage(other), workload, () -> new Timeline.Wall(1000));
                    for (int i = 0; i < workload.size(); i++) {
                        assertThat(recording.tokens(i)).as(strategy.name() + " of " + shape + ", request " + i)
                                .isEqualTo(expected.tokens(i));
                    }
                }
            }
        }
    }

    @Test
    void reorderingMovesKeysAndComputesNoHole() {
        // Three requests start together. The middle one ends first and leaves a hole between the others, until a fourth
        // arrives.
        var workload = new Workload(List.of(new Demand(0, 2, 9), new Demand(0, 2, 2), new Demand(0, 2, 6),
                new Demand(4000, 2, 3)));
        var left = play(new ContiguousFusion(false), workload);
        var reordered = play(new ContiguousFusion(true), workload);

        assertThat(left.iterations()).extracting(Recording.Iteration::rows).containsExactly(3, 3, 3, 3, 3, 3, 2, 1, 1);
        assertThat(left.moves()).isZero();
        assertThat(reordered.iterations()).extracting(Recording.Iteration::rows)
                .containsExactly(3, 3, 2, 2, 3, 3, 2, 1, 1);
        assertThat(reordered.moves()).isPositive();
        long slotBytes = reordered.iterations().getFirst().heldBytes() / 3;
        assertThat(slotBytes).isPositive();
        assertThat(reordered.movedBytes()).isEqualTo(reordered.moves() * slotBytes);
    }

    @Test
    void aBatchWaitsForItsWindowAndIsComputedToItsLongest() {
        var workload = new Workload(List.of(
                new Demand(0, 2, 3), new Demand(4000, 2, 6), new Demand(7000, 2, 2), new Demand(8000, 2, 2)));
        var recording = play(new WindowBatching("5", 5000, 2), workload);

        // The first batch is full at 4; the second is full at 8 and begins when the first has ended.
        assertThat(recording.completion(0)).isEqualTo(7000);
        assertThat(recording.completion(1)).isEqualTo(10_000);
        assertThat(recording.completion(2)).isEqualTo(12_000);
        assertThat(recording.completion(3)).isEqualTo(12_000);
        assertThat(recording.iterations()).extracting(Recording.Iteration::rows).containsOnly(2);
        assertThat(recording.iterations()).extracting(Recording.Iteration::live)
                .containsExactly(2, 2, 2, 1, 1, 1, 2, 2);
    }

    @Test
    void aWindowClosesWithWhoIsThere() {
        var workload = new Workload(List.of(new Demand(0, 2, 3), new Demand(6000, 2, 1)));
        var recording = play(new WindowBatching("5", 5000, 2), workload);

        assertThat(recording.completion(0)).isEqualTo(8000);
        assertThat(recording.completion(1)).isEqualTo(12_000);
    }

    @Test
    void oneAtATimeIsInOrderOfArrival() {
        var workload = new Workload(List.of(new Demand(0, 2, 3), new Demand(1000, 2, 2), new Demand(9000, 2, 1)));
        var recording = play(new OneAtATime(), workload);

        assertThat(List.of(recording.completion(0), recording.completion(1), recording.completion(2)))
                .containsExactly(3000L, 5000L, 10_000L);
        assertThat(recording.iterations()).hasSize(6);
    }

    @Test
    void instancesTakeTurnsAndFurtherRequestsWait() {
        var workload = new Workload(List.of(new Demand(0, 2, 3), new Demand(0, 2, 3), new Demand(0, 2, 2)));
        var recording = play(new TakingTurns(2), workload);

        // The requests are computed in the order b a b a b a c c; b begins because the turn passes on before each step.
        assertThat(List.of(recording.completion(0), recording.completion(1))).containsExactlyInAnyOrder(5000L, 6000L);
        assertThat(recording.times(2)).containsExactly(7000, 8000);
        assertThat(recording.iterations()).extracting(Recording.Iteration::rows).containsOnly(1);
    }

    @Test
    void shapesAtFullSizeHaveThePapersParameters() {
        assertThat(parameters(Shape.GPTJ_6B)).isBetween(5.9e9, 6.2e9);
        assertThat(parameters(Shape.LLAMA_13B)).isBetween(12.8e9, 13.2e9);
        assertThat(parameters(Shape.LLAMA_33B)).isBetween(32e9, 33e9);
    }

    private static double parameters(Shape shape) {
        var config = PaperModel.config(shape, 1);
        double hidden = config.hidden();
        double layer = hidden * (2 * config.queryWidth() + 2 * config.kvWidth())
                + hidden * config.feedForward() * (config.gated() ? 3 : 2);
        return config.layers().size() * layer + 2 * hidden * config.vocabulary();
    }
}
