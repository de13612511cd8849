package dev.flover.engine.constraint.schema;

/// Bounds on what a schema may ask for, each counted, and how bounds are joined.
final class Limits {
    /// Lower bounds on lengths and counts: more is longer than any context.
    static final int MAX_MINIMUM = 1_000_000;
    /// Upper bounds above are none: no answer is as long.
    static final int MAX_MAXIMUM = 100_000_000;
    /// Alternatives in one place.
    static final int MAX_ALTERNATIVES = 600;
    /// Places told apart.
    static final int MAX_FORMULAS = 50_000;
    /// Patterns for keys of one object.
    static final int MAX_PATTERNS = 8;
    /// Items listed one by one.
    static final int MAX_PREFIX = 2_000;
    static final int MAX_CONTAINS = 3;

    private Limits() {}

    /// Of two upper bounds, where -1 is none.
    static int lesser(int x, int y) {
        return x < 0 ? y : y < 0 ? x : Math.min(x, y);
    }
}
