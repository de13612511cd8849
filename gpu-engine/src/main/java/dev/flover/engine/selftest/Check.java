package dev.flover.engine.selftest;

/// One line of the self-test's table.
///
/// @param name   what was computed, with its shape
/// @param passed whether it is as it must be
/// @param detail the error and its limit, or what differs
public record Check(String name, boolean passed, String detail) {
    /// Passed where the relative error is within the tolerance; NaN never is.
    static Check within(String name, double error, double tolerance) {
        return new Check(name, error <= tolerance, "error %.1e, limit %.0e".formatted(error, tolerance));
    }
}
