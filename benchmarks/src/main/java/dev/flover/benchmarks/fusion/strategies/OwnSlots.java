package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;
import java.util.function.Supplier;

/// A strategy that keeps each sequence's keys and values in one piece and decides itself which sequence is computed
/// when.
sealed interface OwnSlots extends Strategy permits OneAtATime, TakingTurns, WindowBatching, ContiguousFusion {
    /// Returns the number of slots, which is the most sequences at the same time.
    int slots(Workload workload);

    /// Returns the number of rows of the largest step.
    int mostRows(Workload workload);

    /// Computes every request of the workload to its end.
    void play(Stage stage, ContiguousEngine engine, Timeline timeline, Recording recording);

    @Override
    default Recording play(Stage stage, Workload workload, Supplier<Timeline> clock) {
        try (var engine = new ContiguousEngine(stage.model(), stage.open(), slots(workload), workload.mostPositions(),
                mostRows(workload))) {
            var timeline = clock.get();
            var recording = new Recording(workload, timeline);
            play(stage, engine, timeline, recording);
            return recording;
        }
    }
}
