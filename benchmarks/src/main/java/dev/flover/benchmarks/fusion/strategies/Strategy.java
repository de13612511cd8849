package dev.flover.benchmarks.fusion.strategies;

/// A way in which requests share a device. All strategies use the same transformer, backend and kernels, and draw the
/// same tokens.
public sealed interface Strategy extends Player permits OwnSlots, ConcurrentInstances, PagedFusion {
    /// Returns the name that `--strategies` takes.
    String name();

    /// Returns the name that tables show.
    String title();

    /// Returns the number of copies of the weights that the strategy needs in memory.
    default int copiesOfWeights() {
        return 1;
    }
}
