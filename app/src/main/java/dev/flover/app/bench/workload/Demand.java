package dev.flover.app.bench.workload;

/// One request of a workload.
///
/// @param arrival      thousandths of a unit of time after the workload's beginning
/// @param promptTokens how long its prompt is
/// @param tokens       how many tokens it wants
public record Demand(long arrival, int promptTokens, int tokens) {
    /// Arrivals are whole numbers, so that counting in them is exact.
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
