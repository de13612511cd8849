package dev.flover.engine.tensor;

import java.util.List;

/// A weight matrix [outputs, inputs] as the model uses it, assembled from rows of stored tensors.
///
/// Query, key and value projections become one matrix here, and so do gate and up; a fused tensor that interleaves
/// them per head becomes a list of ranges in the order the model wants. Nothing is copied.
///
/// @param ranges   stacked from output 0 on; all with the same number of columns
/// @param kShards  how many equal pieces the inputs are summed in, a power of two; the pieces' sums are added in a
///                 binary tree, on one device as on several, so that tensor parallelism changes no bit. 1 for
///                 column-parallel products, which are never split along their inputs
public record Matrix(List<RowRange> ranges, int kShards) {
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
            throw new IllegalArgumentException(columns + " inputs cannot be summed in " + kShards + " equal pieces");
        }
    }

    public static Matrix of(StoredTensor... stacked) {
        return new Matrix(java.util.Arrays.stream(stacked).map(RowRange::whole).toList(), 1);
    }

    public Matrix withShards(int shards) {
        return new Matrix(ranges, shards);
    }

    public int inputs() {
        return ranges.getFirst().tensor().columns();
    }

    public int outputs() {
        int outputs = 0;
        for (int i = 0; i < ranges.size(); i++) {       // asked in every step: nothing is allocated
            outputs += ranges.get(i).rows();
        }
        return outputs;
    }

    /// Consecutive rows of one stored tensor.
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
