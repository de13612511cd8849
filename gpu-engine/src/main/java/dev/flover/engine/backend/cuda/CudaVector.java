package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Vector;
import org.jspecify.annotations.Nullable;

/// A vector of f32 on the device.
///
/// @param values device address
record CudaVector(long values, int length) implements Vector {
    /// The vector's address, or 0 for null.
    static long addressOf(@Nullable Vector vector) {
        return vector == null ? 0 : ((CudaVector) vector).values;
    }
}
