package dev.flover.benchmarks.fusion;

import dev.flover.benchmarks.workload.Workload;

/// A workload with its description.
///
/// @param arrivals  as given to `--arrivals`, or the name of the trace
/// @param meanGapMs mean time between two requests in the paper's ms; NaN for a trace
/// @param lengths   as given to `--lengths`, or the name of the trace
/// @param workload  the workload, whose unit of time is an iteration
record Scenario(String arrivals, double meanGapMs, String lengths, Workload workload) {
    String title() {
        return arrivals.equals(lengths) ? arrivals : arrivals + ", " + lengths + " lengths";
    }
}
