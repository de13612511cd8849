package dev.flover.benchmarks.workload;

/// One request of a workload.
///
/// @param arrival      in thousandths of a unit of time after the beginning of the workload
/// @param promptTokens tokens of its prompt
/// @param tokens       tokens of its answer
public record Demand(long arrival, int promptTokens, int tokens) {
    /// Ticks in a unit of time. Arrivals are whole numbers of ticks, so that counting with them is exact.
    public static final long UNIT = 1000;

    public Demand {
        if (arrival < 0) {
            throw new IllegalArgumentException("arrival must not be negative, was " + arrival);
        }
        if (promptTokens < 1) {
            throw new IllegalArgumentException("promptTokens must be at least 1, was " + promptTokens);
        }
        if (tokens < 1) {
            throw new IllegalArgumentException("tokens must be at least 1, was " + tokens);
        }
    }
}
