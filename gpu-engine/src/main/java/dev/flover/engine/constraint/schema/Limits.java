package dev.flover.engine.constraint.schema;

/// The limits on the size of a schema and of its bounds. They are counts and not times, so that every machine accepts
/// and refuses the same schemas.
final class Limits {
    /// The largest minimum that a schema may set for a length or count; a value this long exceeds the context of any
    /// model.
    static final int MAX_MINIMUM = 1_000_000;
    /// The largest maximum that is enforced on a length or count; a larger one is read as no limit, since no answer is
    /// that long.
    static final int MAX_MAXIMUM = 100_000_000;
    /// The most alternatives (kinds of objects, or of arrays) for the value in one place of a schema.
    static final int MAX_ALTERNATIVES = 600;
    /// The most distinct formulas, that is, conditions on one value, to which a schema expands.
    static final int MAX_FORMULAS = 50_000;
    /// The most patterns for keys that apply to one object.
    static final int MAX_PATTERNS = 8;
    /// The most array items that have a schema of their own (`prefixItems`).
    static final int MAX_PREFIX = 2_000;
    static final int MAX_CONTAINS = 3;

    private Limits() {}

    /// The smaller of two upper bounds, where -1 means no bound.
    static int lesser(int x, int y) {
        return x < 0 ? y : y < 0 ? x : Math.min(x, y);
    }
}
