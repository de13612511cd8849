package dev.flover.benchmarks.load;

/// Figures of a phase in which requests came at one rate.
///
/// @param offered    requests sent per second
/// @param served     requests answered to their end per second
/// @param ticks      ticks per second and partition
/// @param tickMs     mean duration of a tick of one partition, in ms
/// @param betweenP50 median time between two tokens of an answer, in ms
/// @param betweenP99 99th percentile of the time between two tokens of an answer, in ms
record Phase(double offered, double served, double ticks, double tickMs, double betweenP50, double betweenP99) {
    String row(String name) {
        return String.format("| %s | %.0f | %.0f | %.0f | %.2f | %.1f | %.1f |",
                name, offered, served, ticks, tickMs, betweenP50, betweenP99);
    }
}
