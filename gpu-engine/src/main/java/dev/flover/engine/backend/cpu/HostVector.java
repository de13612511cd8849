package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A vector in host memory, padded to a multiple of sixteen floats.
///
/// @param memory the numbers and the padding
/// @param values a copy of the numbers without padding
record HostVector(int length, MemorySegment memory, float[] values) implements Backend.Vector {
    /// The address of the numbers; 0 for a vector that is null.
    static long address(Backend.@Nullable Vector vector) {
        return vector == null ? 0 : ((HostVector) vector).memory.address();
    }
}
