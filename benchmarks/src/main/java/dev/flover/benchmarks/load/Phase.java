package dev.flover.benchmarks.load;

/// What was seen while requests came at one rate.
///
/// @param offered    requests sent a second
/// @param served     requests answered to their end a second
/// @param ticks      a second of a partition
/// @param tickMs     mean length of a tick of one partition
/// @param betweenP50 median time between two tokens of an answer, ms
/// @param betweenP99 99 of 100 are at most this, ms
record Phase(double offered, double served, double ticks, double tickMs, double betweenP50, double betweenP99) {
    String row(String name) {
        return String.format("| %s | %.0f | %.0f | %.0f | %.2f | %.1f | %.1f |",
                name, offered, served, ticks, tickMs, betweenP50, betweenP99);
    }
}
