package dev.flover.benchmarks.load;

import io.soabase.recordbuilder.core.RecordBuilder;

/// The amounts and durations of the load.
///
/// @param calibration     number of requests sent at once to find the sustainable rate
/// @param calmSeconds     duration of the phase at half of the sustainable rate
/// @param floodSeconds    duration of the phase at `factor` times the sustainable rate
/// @param factor          rate of the flood, relative to the sustainable rate
/// @param drainSeconds    the longest wait for the answers after the flood
/// @param deadlineShare   share of the flood's requests with a deadline of 60 to 150 s; the others have none
/// @param badShare        share of the flood's records that are no requests or exceed the limits
/// @param heapMb          heap of the pipeline in MB
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record LoadPlan(int calibration, int calmSeconds, int floodSeconds, double factor, int drainSeconds,
        double deadlineShare, double badShare, int heapMb) {
    LoadPlan {
        require(calibration >= 16, "calibration must be at least 16, was " + calibration);
        require(calmSeconds >= 1 && floodSeconds >= 1 && drainSeconds >= 1, "phases must last at least 1 s");
        require(factor > 0 && factor <= 100, "factor must be in (0, 100], was " + factor);
        require(deadlineShare >= 0 && deadlineShare <= 1, "deadlineShare must be in [0, 1], was " + deadlineShare);
        require(badShare >= 0 && badShare <= 1, "badShare must be in [0, 1], was " + badShare);
        require(heapMb >= 128, "heapMb must be at least 128, was " + heapMb);
    }

    /// Returns the plan of the published figures, which takes eight minutes at most.
    static LoadPlan standard() {
        return LoadPlanBuilder.builder().calibration(4000).calmSeconds(20).floodSeconds(120).factor(10)
                .drainSeconds(300).deadlineShare(0.9).badShare(0.02).heapMb(1024).build();
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
