package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Workload;
import java.util.function.Supplier;

/// A strategy that keeps each sequence's keys and values in one piece and says itself who is computed when.
sealed interface OwnSlots extends Strategy permits OneAtATime, TakingTurns, WindowBatching, ContiguousFusion {
    /// How many sequences have a piece at once.
    int slots(Workload workload);

    /// Of the largest step.
    int mostRows(Workload workload);

    /// Computes every request of the recording's workload to its end.
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
