package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.backend.cpu.kernels.FloatForm;
import dev.flover.engine.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A weight matrix in panels of sixteen outputs. Rows that are looked up are read from the mapped model file instead.
///
/// @param parts ranges of outputs, ascending from output 0, one for each storage format; empty if rows are only looked
///     up
record PackedWeight(Matrix matrix, List<Part> parts) implements Backend.Weight {
    static PackedWeight of(Backend.Weight weight) {
        return (PackedWeight) weight;
    }

    @Override
    public Matrix.Role role() {
        return matrix.role();
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

    /// The number of panels in all parts.
    int panels() {
        int panels = 0;
        for (int i = 0; i < parts.size(); i++) {
            panels += parts.get(i).panels();
        }
        return panels;
    }

    /// Whether the other matrix has the same shape, and equal formats in each part.
    boolean isPackedLike(PackedWeight other) {
        boolean alike = inputs() == other.inputs() && outputs() == other.outputs()
                && matrix.kShards() == other.matrix.kShards() && parts.size() == other.parts.size();
        for (int i = 0; alike && i < parts.size(); i++) {
            alike = parts.get(i).isPackedLike(other.parts.get(i));
        }
        return alike;
    }

    /// A range of outputs that are stored in one format.
    sealed interface Part permits BlockPart, FloatPart {
        int firstOutput();

        int outputs();

        long bytes();

        /// Whether the other part has as many outputs, in the same format.
        boolean isPackedLike(Part other);

        default int panels() {
            return (outputs() + 15) / 16;
        }
    }

    /// Outputs whose weights are quantised in blocks of 32 inputs.
    ///
    /// @param skipped  blocks of the first record that come before the first input
    /// @param quants   `[panels][records]`, see `packed.h`
    /// @param scales   `[panels][records][16]` f16, or bytes in MXFP4
    /// @param minimums `[panels][records][16]` f16, or no memory
    record BlockPart(
            int firstOutput, int outputs, BlockForm form, int skipped,
            MemorySegment quants, MemorySegment scales, MemorySegment minimums)
            implements Part {
        @Override
        public long bytes() {
            return quants.byteSize() + scales.byteSize() + minimums.byteSize();
        }

        @Override
        public boolean isPackedLike(Part other) {
            return other instanceof BlockPart blocks && outputs == blocks.outputs && form == blocks.form
                    && skipped == blocks.skipped;
        }
    }

    /// Outputs whose weights are not quantised.
    ///
    /// @param weights `[panels][inputs][16]` numbers in `form`; in bf16 `[panels][inputs / 2][16]` words of two
    record FloatPart(int firstOutput, int outputs, FloatForm form, MemorySegment weights) implements Part {
        @Override
        public long bytes() {
            return weights.byteSize();
        }

        @Override
        public boolean isPackedLike(Part other) {
            return other instanceof FloatPart floats && outputs == floats.outputs && form == floats.form;
        }
    }
}
