package dev.flover.benchmarks.engine;

/// Sums over all calls of one operation.
final class Cost {
    long nanos;
    long calls;
    double operations;
    double bytes;

    void add(long nanos, double operations, double bytes) {
        this.nanos += nanos;
        this.calls++;
        this.operations += operations;
        this.bytes += bytes;
    }
}
