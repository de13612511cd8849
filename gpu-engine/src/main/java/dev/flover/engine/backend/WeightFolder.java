package dev.flover.engine.backend;

import java.nio.file.Path;

/// A folder in which a host backend keeps packed weights, and the model that they belong to.
///
/// @param folder      created if there is none
/// @param fingerprint identifies the content of the model's files
/// @param bytes       bytes of all weights of the model as stored, which packed weights exceed by at most a twentieth
/// @param rank        which rank's part of the weights, counted from 0
/// @param ranks       how many ranks divide the model among themselves
public record WeightFolder(Path folder, String fingerprint, long bytes, int rank, int ranks) {
    public WeightFolder {
        if (!fingerprint.matches("[0-9a-f]+")) {
            throw new IllegalArgumentException(
                    "a fingerprint has hexadecimal digits alone, because it names a file; found " + fingerprint);
        }
        if (rank < 0 || rank >= ranks) {
            throw new IllegalArgumentException("of " + ranks + " ranks there is none of number " + rank);
        }
    }

    /// The same folder for one of several ranks.
    public WeightFolder ofRank(int rank, int ranks) {
        return new WeightFolder(folder, fingerprint, bytes, rank, ranks);
    }

    /// The beginning of the name of the file for this model and rank.
    public String name() {
        return ranks == 1 ? fingerprint : fingerprint + "-rank-" + rank + "-of-" + ranks;
    }
}
