package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;
import java.util.function.Supplier;

/// Plays workloads: has all their requests answered.
public interface Player {
    /// Plays a workload and returns when all requests are answered.
    ///
    /// @param clock started when everything is ready for the first request
    Recording play(Stage stage, Workload workload, Supplier<Timeline> clock);
}
