package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Workload;

/// A workload with its names.
///
/// @param arrivals  as given to `--arrivals`, or the trace
/// @param meanGapMs between two requests, in the paper's milliseconds; NaN for a trace
/// @param lengths   as given to `--lengths`, or the trace
/// @param workload  in iterations
record Scenario(String arrivals, double meanGapMs, String lengths, Workload workload) {
    String title() {
        return arrivals.equals(lengths) ? arrivals : arrivals + ", " + lengths + " lengths";
    }
}
