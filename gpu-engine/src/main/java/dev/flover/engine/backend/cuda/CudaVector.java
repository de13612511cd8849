package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Vector;

/// @param values device address
record CudaVector(long values, int length) implements Vector {
    /// The address, or 0 for no vector.
    static long addressOf(Vector vector) {
        return vector == null ? 0 : ((CudaVector) vector).values;
    }
}
