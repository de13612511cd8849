package dev.flover.engine.tensor;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A tensor as a model file stores it; row-major, the last dimension contiguous.
///
/// @param name    the name in the file, for error messages
/// @param type    how the numbers are stored
/// @param rows    the product of all dimensions but the last; 1 for a vector
/// @param columns the last dimension, a multiple of the type's block size in elements
/// @param data    exactly `rows * type.rowBytes(columns)` bytes, little-endian, read-only; lives as long as the model
/// @param file    the mapped file that `data` is a part of; null for numbers that were made in memory
public record StoredTensor(
        String name, TensorType type, int rows, int columns, MemorySegment data, @Nullable TensorFile file) {
    public StoredTensor {
        if (rows < 1 || columns < 1 || columns % type.blockElements() != 0) {
            throw new IllegalArgumentException("tensor " + name + " cannot have the shape [" + rows + ", " + columns
                    + "] as " + type);
        }
        if (data.byteSize() != rows * type.rowBytes(columns)) {
            throw new IllegalArgumentException("tensor " + name + " of shape [" + rows + ", " + columns + "] as " + type
                    + " takes " + rows * type.rowBytes(columns) + " bytes, found " + data.byteSize());
        }
    }

    /// A tensor that is no part of a file.
    public StoredTensor(String name, TensorType type, int rows, int columns, MemorySegment data) {
        this(name, type, rows, columns, data, null);
    }

    public long rowBytes() {
        return type.rowBytes(columns);
    }
}
