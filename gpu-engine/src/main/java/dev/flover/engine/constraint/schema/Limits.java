package dev.flover.engine.constraint.schema;

/// The limits on the size of a schema and of its bounds. They are counts, so that a schema is accepted or refused alike
/// everywhere.
final class Limits {
    /// The largest lower bound on a length or count; a value this long exceeds any context.
    static final int MAX_MINIMUM = 1_000_000;
    /// The largest upper bound on a length or count; a larger one is read as no bound, since no answer is that long.
    static final int MAX_MAXIMUM = 100_000_000;
    /// The most alternatives in one place.
    static final int MAX_ALTERNATIVES = 600;
    /// The most distinct formulas of a schema.
    static final int MAX_FORMULAS = 50_000;
    /// The most patterns for the keys of one object.
    static final int MAX_PATTERNS = 8;
    /// The most items with a schema of their own.
    static final int MAX_PREFIX = 2_000;
    static final int MAX_CONTAINS = 3;

    private Limits() {}

    /// The smaller of two upper bounds, where -1 means no bound.
    static int lesser(int x, int y) {
        return x < 0 ? y : y < 0 ? x : Math.min(x, y);
    }
}
