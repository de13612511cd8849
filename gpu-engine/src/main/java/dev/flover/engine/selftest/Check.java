package dev.flover.engine.selftest;

/// The result of one check: a line of the self-test's table.
///
/// @param name   the computation and its shape
/// @param passed whether the result is correct
/// @param detail the error and its limit, or the difference
public record Check(String name, boolean passed, String detail) {
    /// A check that passes if the relative error is within the tolerance; NaN fails.
    static Check within(String name, double error, double tolerance) {
        return new Check(name, error <= tolerance, "error %.1e, limit %.0e".formatted(error, tolerance));
    }
}
