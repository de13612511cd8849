package dev.flover.engine.backend;

import java.util.Optional;

/// The device code that computes one model: a backend, or several ranks that divide the model among themselves.
public interface BackendGroup extends AutoCloseable {
    /// The backend's name, as it is given to `--backend`.
    String name();

    /// Names the arithmetic, that is the order and rounding of every operation: two backends with equal strings give
    /// equal bits. It does not depend on the number of ranks.
    String arithmetic();

    /// Describes in a few words, for a log line, the hardware and the arithmetic that the backend computes with.
    default String describe() {
        return "arithmetic " + arithmetic();
    }

    /// How many steps may be begun and not yet ended: 2 where a device computes one step while the host prepares the
    /// next.
    default int stepsAhead() {
        return 1;
    }

    /// Chooses keys and values of 8 bits, in an arithmetic of another name. To be called before all else.
    ///
    /// @throws IllegalArgumentException if the backend has no such format
    void cacheInBytes();

    /// Says how many engines of this process compute on the same host, so that each takes its share of the host's
    /// memory for its KV cache. To be called before all else. A device has memory of its own: there it changes nothing.
    default void shareHostWith(int engines) {}

    /// Keeps packed weights in a file that later starts and other processes map, or maps such a file. To be called
    /// before any weight is loaded; takes as long as reading the file.
    ///
    /// @throws IllegalArgumentException if the backend packs no weights on the host, or if the folder is something else
    void keepWeights(WeightFolder folder);

    /// Describes, after an engine has started, whether the kept weights were mapped or written. Empty if none are kept.
    default Optional<String> keptWeights() {
        return Optional.empty();
    }

    @Override
    void close();
}
