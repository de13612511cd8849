package dev.flover.engine.tensor;

import java.util.Arrays;
import java.util.List;

/// A weight matrix [outputs, inputs] as the model multiplies by it, assembled from rows of stored tensors.
///
/// The projections of query, key and value are one matrix, and so are gate and up. A fused tensor that interleaves the
/// projections head by head becomes a list of row ranges in the order that the model needs. No bytes are copied.
///
/// @param role     its place in the model
/// @param ranges   the rows, stacked from output 0 on; all ranges have the same number of columns
/// @param kShards  the number of equal shards, a power of two, over which the sum along the inputs is split. The sums
///                 of the shards are added in a binary tree, on one device as on several, so that tensor parallelism
///                 changes no bit. 1 for the roles whose inputs devices never divide
public record Matrix(Role role, List<RowRange> ranges, int kShards) {
    public Matrix {
        ranges = List.copyOf(ranges);
        if (ranges.isEmpty()) {
            throw new IllegalArgumentException("a matrix needs at least one range of rows");
        }
        int columns = ranges.getFirst().tensor().columns();
        for (var range : ranges) {
            if (range.tensor().columns() != columns) {
                throw new IllegalArgumentException("tensors of one matrix must have equal columns: "
                        + ranges.getFirst().tensor().name() + " has " + columns + ", "
                        + range.tensor().name() + " has " + range.tensor().columns());
            }
        }
        if (kShards < 1 || Integer.bitCount(kShards) != 1 || columns % kShards != 0) {
            throw new IllegalArgumentException(columns + " inputs cannot be divided into " + kShards
                    + " equal shards; their number must be a power of two that divides the inputs");
        }
        if (kShards > 1 && !role.dividesInputs()) {
            throw new IllegalArgumentException("a matrix of role " + role + " is summed in one piece, not in " + kShards
                    + ": devices do not divide its inputs");
        }
    }

    public static Matrix of(Role role, StoredTensor... stacked) {
        return new Matrix(role, Arrays.stream(stacked).map(RowRange::whole).toList(), 1);
    }

    public Matrix withShards(int shards) {
        return new Matrix(role, ranges, shards);
    }

    public int inputs() {
        return ranges.getFirst().tensor().columns();
    }

    public int outputs() {
        int outputs = 0;
        for (int i = 0; i < ranges.size(); i++) { // called in every step, so it allocates nothing
            outputs += ranges.get(i).rows();
        }
        return outputs;
    }

    /// The place of a matrix in a transformer. It tells how several devices divide the matrix among themselves (Shoeybi
    /// et al. 2019): by outputs where each device can go on with its own, by inputs where the next sum joins them.
    public enum Role {
        /// Token embeddings [vocabulary, hidden]; also the head where both are tied.
        EMBEDDING,
        /// Learned positions [positions, hidden].
        POSITIONS,
        /// Queries above keys above values.
        QUERY_KEY_VALUE,
        /// Into the latent vectors of attention, which all heads share.
        LATENT_DOWN,
        /// From latent vectors to one head's keys or values.
        LATENT_UP,
        /// From all heads back to the residual stream.
        ATTENTION_OUT,
        /// Into the feed-forward layer: gate above up, or up alone.
        GATE_UP,
        /// From the feed-forward layer back to the residual stream.
        DOWN,
        /// Scores of experts.
        ROUTER,
        /// The score that weighs an expert that all rows go through.
        SHARED_GATE,
        /// Logits.
        HEAD;

        /// Whether devices divide the inputs, so that the product is a sum over devices.
        public boolean dividesInputs() {
            return switch (this) {
                case ATTENTION_OUT, DOWN -> true;
                case EMBEDDING, POSITIONS, QUERY_KEY_VALUE, LATENT_DOWN, LATENT_UP, GATE_UP, ROUTER, SHARED_GATE,
                        HEAD -> false;
            };
        }
    }

    /// A range of consecutive rows of one stored tensor.
    public record RowRange(StoredTensor tensor, int firstRow, int rows) {
        public RowRange {
            if (firstRow < 0 || rows < 1 || firstRow > tensor.rows() - rows) {
                throw new IllegalArgumentException("rows " + firstRow + " to " + (firstRow + rows) + " are not in "
                        + tensor.name() + ", which has " + tensor.rows());
            }
        }

        public static RowRange whole(StoredTensor tensor) {
            return new RowRange(tensor, 0, tensor.rows());
        }
    }
}
