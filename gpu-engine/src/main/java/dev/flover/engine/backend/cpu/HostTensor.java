package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import java.lang.foreign.MemorySegment;

/// Activations in host memory, [rows, columns] f32, one row after another.
record HostTensor(int rows, int columns, MemorySegment memory) implements Backend.Tensor {
    long address() {
        return memory.address();
    }

    long row(int index) {
        return memory.address() + 4L * index * columns;
    }

    static HostTensor of(Backend.Tensor tensor) {
        return (HostTensor) tensor;
    }
}
