package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Workload;
import java.util.function.Supplier;

/// Has a workload's requests answered.
interface Player {
    /// Returns when all of them are.
    ///
    /// @param clock started when everything is ready for the first request
    Recording play(Stage stage, Workload workload, Supplier<Timeline> clock);
}
