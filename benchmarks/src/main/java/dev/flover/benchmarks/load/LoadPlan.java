package dev.flover.benchmarks.load;

/// How much, and how long.
///
/// @param calibration     requests sent at once, to find the sustainable rate
/// @param calmSeconds     at half of the sustainable rate
/// @param floodSeconds    at `factor` times the sustainable rate
/// @param factor          of the flood
/// @param drainSeconds    most that is waited for what was sent
/// @param deadlineShare   of the flood's requests that may wait 60 to 150 s; the others wait as long as it takes
/// @param badShare        of the flood's records that are none, or ask for too much
/// @param heapMb          of the pipeline
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

    /// Eight minutes at most.
    static LoadPlan standard() {
        return new LoadPlan(4000, 20, 120, 10, 300, 0.9, 0.02, 1024);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
