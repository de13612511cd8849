package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import java.lang.foreign.MemorySegment;

/// A vector in host memory, padded to whole panels of sixteen.
record HostVector(int length, MemorySegment memory) implements Backend.Vector {
    /// 0 for null.
    static long address(Backend.Vector vector) {
        return vector == null ? 0 : ((HostVector) vector).memory.address();
    }
}
