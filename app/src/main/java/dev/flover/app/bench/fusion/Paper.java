package dev.flover.app.bench.fusion;

import java.util.List;

/// What the paper measured (Flover, arXiv 2305.13484), as far as it does not depend on its machine.
///
/// Its regime is the ratio between the time from one request to the next and the time that one request takes alone:
/// 512 iterations of 11.3 ms. A gap of so many of its milliseconds is therefore so many iterations here, and fewer
/// where requests are shorter.
final class Paper {
    static final int REQUESTS = 32;
    static final int TOKENS = 512;
    static final int PROMPT_TOKENS = 8;
    static final double ITERATION_MS = 11.3;

    /// Exponential arrivals of 32 requests of 512 iterations.
    static final List<Figure> FIGURES = List.of(
            new Figure(20, 557, 29.2),
            new Figure(50, 616, 26.2),
            new Figure(100, 748, 21.5),
            new Figure(200, 911, 19.3),
            new Figure(500, 1537, 9.9),
            new Figure(1000, 2621, 6.4),
            new Figure(5000, 10694, 1.5));

    private Paper() {}

    /// @param meanGapMs  between two requests
    /// @param iterations fused iterations in all
    /// @param overlap    requests in an iteration, on average
    record Figure(int meanGapMs, int iterations, double overlap) {}

    /// The paper's milliseconds in iterations, for requests of at most so many tokens.
    static double iterations(double paperMs, int tokens) {
        return paperMs / ITERATION_MS * tokens / TOKENS;
    }
}
