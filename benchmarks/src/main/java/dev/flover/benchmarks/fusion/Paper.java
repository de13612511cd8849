package dev.flover.benchmarks.fusion;

import java.util.List;

/// The results of the paper (Flover, arXiv 2305.13484) that do not depend on its machine.
///
/// Its workloads are defined by the ratio of the time between two requests to the time that one request takes alone,
/// which is 512 iterations of 11.3 ms. So a gap of the paper, in ms, is converted to iterations, and scaled down if
/// requests have fewer tokens.
final class Paper {
    static final int REQUESTS = 32;
    static final int TOKENS = 512;
    static final int PROMPT_TOKENS = 8;
    static final double ITERATION_MS = 11.3;

    /// The paper's figures for 32 requests of 512 iterations with exponentially distributed gaps.
    static final List<Figure> FIGURES = List.of(
            new Figure(20, 557, 29.2),
            new Figure(50, 616, 26.2),
            new Figure(100, 748, 21.5),
            new Figure(200, 911, 19.3),
            new Figure(500, 1537, 9.9),
            new Figure(1000, 2621, 6.4),
            new Figure(5000, 10694, 1.5));

    private Paper() {}

    /// @param meanGapMs  mean time between two requests, in ms
    /// @param iterations fused iterations in all
    /// @param overlap    mean number of requests in an iteration
    record Figure(int meanGapMs, int iterations, double overlap) {}

    /// Converts the paper's milliseconds to iterations, for requests of at most `tokens` tokens.
    static double iterations(double paperMs, int tokens) {
        return paperMs / ITERATION_MS * tokens / TOKENS;
    }
}
