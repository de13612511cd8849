package dev.flover.engine.loading;

import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Mxfp4;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/// Copies of the few tensors that cannot be used in place: biases to be concatenated, norm weights stored as offsets,
/// and matrices stored transposed. The copies live as long as the arena.
final class TensorCopies {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int TILE = 64;

    private final Arena arena;

    TensorCopies(Arena arena) {
        this.arena = arena;
    }

    static float[] values(StoredTensor tensor) {
        float[] values = new float[Math.multiplyExact(tensor.rows(), tensor.columns())];
        Dequantiser.toFloats(tensor, 0, values, 0, values.length);
        return values;
    }

    StoredTensor vector(String name, float[] values) {
        var data = arena.allocate(FLOAT, values.length);
        MemorySegment.copy(values, 0, data, FLOAT, 0, values.length);
        return new StoredTensor(name, TensorType.F32, 1, values.length, data.asReadOnly());
    }

    /// Concatenates vectors to one vector.
    StoredTensor joined(List<StoredTensor> vectors) {
        float[] values = new float[vectors.stream().mapToInt(StoredTensor::columns).sum()];
        int at = 0;
        for (var vector : vectors) {
            Dequantiser.toFloats(vector, 0, values, at, vector.columns());
            at += vector.columns();
        }
        return vector(vectors.getFirst().name() + " and the vectors joined to it", values);
    }

    StoredTensor plus(StoredTensor vector, float offset) {
        float[] values = values(vector);
        for (int i = 0; i < values.length; i++) {
            values[i] += offset;
        }
        return vector(vector.name(), values);
    }

    StoredTensor times(StoredTensor vector, float factor) {
        float[] values = values(vector);
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return vector(vector.name(), values);
    }

    /// A range of rows of a matrix, transposed to [columns, rows], as f32.
    ///
    /// @param inTurn whether to put the even columns first, then the odd ones
    StoredTensor turnedPart(StoredTensor tensor, int firstRow, int rows, boolean inTurn) {
        int columns = tensor.columns();
        float[] values = new float[Math.multiplyExact(rows, columns)];
        Dequantiser.toFloats(tensor, (long) firstRow * columns, values, 0, values.length);
        float[] turned = new float[values.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int to = inTurn ? column % 2 * (columns / 2) + column / 2 : column;
                turned[to * rows + row] = values[row * columns + column];
            }
        }
        var data = arena.allocate(FLOAT, turned.length);
        MemorySegment.copy(turned, 0, data, FLOAT, 0, turned.length);
        return new StoredTensor(tensor.name(), TensorType.F32, columns, rows, data.asReadOnly());
    }

    /// Rows of 4-bit floats in ggml's blocks, from a folder's two tensors: the scales of the blocks, and the blocks. In
    /// these, byte i holds elements 2i and 2i + 1; in ggml's, it holds elements i and i + 16.
    ///
    /// @param blocks [all rows, columns / 2]
    /// @param scales [all rows, columns / 32]
    /// @param inTurn whether to put the even rows first, then the odd ones
    StoredTensor mxfp4(
            String name, MemorySegment blocks, MemorySegment scales, int firstRow, int rows, int columns,
            boolean inTurn) {
        int perRow = columns / Mxfp4.COLUMNS;
        int bytes = TensorType.MXFP4.blockBytes();
        var data = arena.allocate((long) rows * perRow * bytes, 64);
        for (int row = 0; row < rows; row++) {
            int to = inTurn ? row % 2 * (rows / 2) + row / 2 : row;
            for (int block = 0; block < perRow; block++) {
                long from = (long) (firstRow + row) * perRow + block;
                mxfp4(blocks, from * 16, scales.get(ValueLayout.JAVA_BYTE, from), data,
                        ((long) to * perRow + block) * bytes);
            }
        }
        return new StoredTensor(name, TensorType.MXFP4, rows, columns, data.asReadOnly());
    }

    private static void mxfp4(MemorySegment pairs, long from, byte scale, MemorySegment to, long at) {
        to.set(ValueLayout.JAVA_BYTE, at, scale);
        for (int i = 0; i < Mxfp4.COLUMNS / 2; i++) {
            int low = pairs.get(ValueLayout.JAVA_BYTE, from + i / 2) >> i % 2 * 4 & 15;
            int high = pairs.get(ValueLayout.JAVA_BYTE, from + 8 + i / 2) >> i % 2 * 4 & 15;
            to.set(ValueLayout.JAVA_BYTE, at + 1 + i, (byte) (low | high << 4));
        }
    }

    /// The transpose, [columns, rows], of a matrix [rows, columns].
    StoredTensor transposed(StoredTensor tensor) {
        int width = tensor.type().blockBytes();
        if (tensor.type().blockElements() != 1) {
            throw new IllegalArgumentException("stores tensor " + tensor.name() + " transposed as " + tensor.type()
                    + "; only unquantised tensors can be transposed");
        }
        var source = tensor.data();
        var target = arena.allocate(source.byteSize(), 64);
        int rows = tensor.rows();
        int columns = tensor.columns();
        for (int firstRow = 0; firstRow < rows; firstRow += TILE) {
            for (int firstColumn = 0; firstColumn < columns; firstColumn += TILE) {
                int lastRow = Math.min(firstRow + TILE, rows);
                int lastColumn = Math.min(firstColumn + TILE, columns);
                for (int column = firstColumn; column < lastColumn; column++) {
                    for (int row = firstRow; row < lastRow; row++) {
                        long from = ((long) row * columns + column) * width;
                        long to = ((long) column * rows + row) * width;
                        copyElement(source, from, target, to, width);
                    }
                }
            }
        }
        return new StoredTensor(tensor.name(), tensor.type(), columns, rows, target.asReadOnly());
    }

    private static void copyElement(MemorySegment source, long from, MemorySegment target, long to, int width) {
        if (width == 4) {
            target.set(ValueLayout.JAVA_INT_UNALIGNED, to, source.get(ValueLayout.JAVA_INT_UNALIGNED, from));
        } else {
            target.set(ValueLayout.JAVA_SHORT_UNALIGNED, to, source.get(ValueLayout.JAVA_SHORT_UNALIGNED, from));
        }
    }
}
