package dev.flover.engine.tensor;

import java.util.ArrayList;
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
/// @param firstInput the column of the stored tensors that is input 0: 0, except in the part of a matrix that one of
///                 several devices multiplies by
/// @param inputs   columns of the stored tensors from `firstInput` on
public record Matrix(Role role, List<RowRange> ranges, int kShards, int firstInput, int inputs) {
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
        if (firstInput < 0 || inputs < 1 || firstInput > columns - inputs) {
            throw new IllegalArgumentException("inputs " + firstInput + " to " + (firstInput + inputs) + " are not in "
                    + ranges.getFirst().tensor().name() + ", which has " + columns);
        }
        if (kShards < 1 || Integer.bitCount(kShards) != 1 || inputs % kShards != 0) {
            throw new IllegalArgumentException(inputs + " inputs cannot be divided into " + kShards
                    + " equal shards; their number must be a power of two that divides the inputs");
        }
        if (kShards > 1 && role.cut() != Cut.INPUTS) {
            throw new IllegalArgumentException("a matrix of role " + role + " is summed in one piece, not in " + kShards
                    + ": devices do not divide its inputs");
        }
    }

    /// A matrix of whole rows.
    public Matrix(Role role, List<RowRange> ranges, int kShards) {
        this(role, ranges, kShards, 0, ranges.isEmpty() ? 0 : ranges.getFirst().tensor().columns());
    }

    public static Matrix of(Role role, StoredTensor... stacked) {
        return new Matrix(role, Arrays.stream(stacked).map(RowRange::whole).toList(), 1);
    }

    public Matrix withShards(int shards) {
        return new Matrix(role, ranges, shards, firstInput, inputs);
    }

    /// The ranges of stored rows that are outputs `first` to `first + count - 1`.
    public List<RowRange> rowsOf(int first, int count) {
        var rows = new ArrayList<RowRange>();
        int at = 0;
        for (var range : ranges) {
            int from = Math.max(first, at);
            int end = Math.min(first + count, at + range.rows());
            if (from < end) {
                rows.add(new RowRange(range.tensor(), range.firstRow() + from - at, end - from));
            }
            at += range.rows();
        }
        return rows;
    }

    /// One of `parts` equal parts of the inputs, with its part of the shards.
    ///
    /// @param parts a divisor of [#kShards]
    public Matrix partOfInputs(int part, int parts) {
        int width = inputs / parts;
        return new Matrix(role, ranges, kShards / parts, firstInput + part * width, width);
    }

    /// Dequantises the weights of one output into `out`, [inputs].
    public void readRow(int output, float[] out) {
        int first = 0;
        for (int i = 0; i < ranges.size(); i++) {
            var range = ranges.get(i);
            if (output < first + range.rows()) {
                readRow(range.tensor(), range.firstRow() + output - first, out);
                return;
            }
            first += range.rows();
        }
        throw new IndexOutOfBoundsException("row " + output + " of a matrix of " + first);
    }

    private void readRow(StoredTensor tensor, long row, float[] out) {
        int block = tensor.type().blockElements();
        long at = row * tensor.columns() + firstInput;
        if (firstInput % block == 0 && inputs % block == 0) {
            Dequantiser.toFloats(tensor, at, out, 0, inputs);
            return;
        }
        // the range begins or ends within a block of a K-quant, which is dequantised as a whole
        int before = firstInput % block;
        var blocks = new float[Math.ceilDiv(before + inputs, block) * block];
        Dequantiser.toFloats(tensor, at - before, blocks, 0, blocks.length);
        System.arraycopy(blocks, before, out, 0, inputs);
    }

    public int outputs() {
        int outputs = 0;
        for (int i = 0; i < ranges.size(); i++) { // called in every step, so it allocates nothing
            outputs += ranges.get(i).rows();
        }
        return outputs;
    }

    /// How several devices divide a matrix among themselves (Shoeybi et al. 2019).
    public enum Cut {
        /// Each device has all of it.
        NONE,
        /// Each device computes some of the outputs, and continues with these.
        OUTPUTS,
        /// Each device computes a sum over some of the inputs; the sums of all devices are then added.
        INPUTS
    }

    /// The place of a matrix in a transformer.
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
        /// From the residual stream to one score for each expert of the layer.
        ROUTER,
        /// From the residual stream to the score by which the result of the shared expert is weighted.
        SHARED_GATE,
        /// From the residual stream to the logits of the vocabulary.
        HEAD;

        /// How devices divide a matrix of this role.
        public Cut cut() {
            return switch (this) {
                case ATTENTION_OUT, DOWN -> Cut.INPUTS;
                case QUERY_KEY_VALUE, LATENT_UP, GATE_UP, HEAD -> Cut.OUTPUTS;
                case EMBEDDING, POSITIONS, LATENT_DOWN, ROUTER, SHARED_GATE -> Cut.NONE;
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
