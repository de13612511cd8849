package dev.flover.engine.format;

import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/// The shape of a stored tensor as rows and columns, with its size in bytes, checked for overflow.
record TensorShape(int rows, int columns, long bytes) {

    /// @param dimensions the dimensions, the outermost first; empty for a single number
    static TensorShape of(Path file, String name, TensorType type, long[] dimensions) {
        long columns = dimensions.length == 0 ? 1 : dimensions[dimensions.length - 1];
        long rows = 1;
        for (int i = 0; i < dimensions.length; i++) {
            if (dimensions[i] < 1 || dimensions[i] > Integer.MAX_VALUE) {
                throw new ModelFileException(file, "gives tensor " + name + " the shape " + Arrays.toString(dimensions)
                        + "; each dimension must be in [1, " + Integer.MAX_VALUE + "]");
            }
            if (i < dimensions.length - 1) {
                rows *= dimensions[i];
            }
            if (rows > Integer.MAX_VALUE) {
                throw new ModelFileException(file, "gives tensor " + name + " the shape " + Arrays.toString(dimensions)
                        + ", more than " + Integer.MAX_VALUE + " rows");
            }
        }
        if (columns % type.blockElements() != 0) {
            throw new ModelFileException(file, "stores the rows of tensor " + name + ", " + columns
                    + " numbers each, as " + type + ", whose blocks have " + type.blockElements());
        }
        // The size is below 2^31 rows * 2^31 columns * 4 bytes, that is, below 2^64, but it may exceed 2^63.
        long bytes;
        try {
            bytes = Math.multiplyExact(rows, type.rowBytes(columns));
        } catch (ArithmeticException tooLarge) {
            throw new ModelFileException(file, "gives tensor " + name + " the impossible shape "
                    + Arrays.toString(dimensions), tooLarge);
        }
        return new TensorShape((int) rows, (int) columns, bytes);
    }

    /// The bytes of a tensor.
    ///
    /// @throws ModelFileException if the file ends before them
    static MemorySegment slice(
            Path file, MemorySegment mapped, String name, long dataStart, long offset, long length) {
        long available = mapped.byteSize() - dataStart;
        if (offset < 0 || available < 0 || offset > available || length > available - offset) {
            throw new ModelFileException(file, "has " + mapped.byteSize() + " bytes, but tensor " + name + " takes "
                    + length + " from byte " + (dataStart + offset) + " on; it may have been cut off");
        }
        return mapped.asSlice(dataStart + offset, length);
    }
}
