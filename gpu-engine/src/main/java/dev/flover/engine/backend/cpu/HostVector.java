package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import java.lang.foreign.MemorySegment;

/// A vector in host memory, padded to whole panels of sixteen.
///
/// @param values the same, without padding
record HostVector(int length, MemorySegment memory, float[] values) implements Backend.Vector {
    /// 0 for null.
    static long address(Backend.Vector vector) {
        return vector == null ? 0 : ((HostVector) vector).memory.address();
    }
}
