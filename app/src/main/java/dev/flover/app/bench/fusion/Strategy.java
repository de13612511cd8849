package dev.flover.app.bench.fusion;

/// How requests share a device. All of them use the same transformer, backend and kernels, and draw the same tokens.
sealed interface Strategy extends Player permits OwnSlots, ConcurrentInstances, PagedFusion {
    /// As given to `--strategies`.
    String name();

    /// In a table, for a person.
    String title();

    /// How many copies of the weights it needs.
    default int copiesOfWeights() {
        return 1;
    }
}
