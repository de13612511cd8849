package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import java.util.List;

/// A weight matrix in panels of sixteen outputs; rows are looked up in the model's own memory.
///
/// @param parts stacked from output 0 on, one for each way of storing; none if the matrix is only looked up
record PackedWeight(Matrix matrix, List<Part> parts) implements Backend.Weight {
    static PackedWeight of(Backend.Weight weight) {
        return (PackedWeight) weight;
    }

    @Override
    public int outputs() {
        return matrix.outputs();
    }

    @Override
    public int inputs() {
        return matrix.inputs();
    }

    @Override
    public long bytes() {
        long bytes = 0;
        for (var part : parts) {
            bytes += part.bytes();
        }
        return bytes;
    }

    /// Panels in all parts.
    int panels() {
        int panels = 0;
        for (int i = 0; i < parts.size(); i++) {
            panels += parts.get(i).panels();
        }
        return panels;
    }

    /// Writes the numbers of one row of the matrix to `out`.
    void readRow(int row, float[] out) {
        int first = 0;
        for (int i = 0; i < matrix.ranges().size(); i++) {
            var range = matrix.ranges().get(i);
            if (row < first + range.rows()) {
                long stored = range.firstRow() + (row - first);
                Dequantiser.toFloats(range.tensor(), stored * inputs(), out, 0, inputs());
                return;
            }
            first += range.rows();
        }
        throw new IndexOutOfBoundsException("row " + row + " of a matrix of " + first);
    }

    /// Outputs stored in one way.
    sealed interface Part permits BlockPart, FloatPart {
        int firstOutput();

        int outputs();

        long bytes();

        default int panels() {
            return (outputs() + 15) / 16;
        }
    }

    /// @param quants   [panels][blocks][512 or 256], see `project_blocks.c`
    /// @param scales   [panels][blocks][groups][16]
    /// @param minimums the same, or 0
    record BlockPart(
            int firstOutput, int outputs, BlockForm form, long quants, long scales, long minimums, long bytes)
            implements Part {}

    /// @param weights [panels][inputs][16]
    record FloatPart(int firstOutput, int outputs, FloatForm form, long weights, long bytes) implements Part {}
}
