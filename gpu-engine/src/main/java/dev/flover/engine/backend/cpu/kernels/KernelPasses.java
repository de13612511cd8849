package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.sampling.LogitPasses;
import java.lang.foreign.MemorySegment;

/// The sampler's passes over whole rows of logits, computed by the backend's kernels.
public record KernelPasses(Kernels kernels) implements LogitPasses {
    @Override
    public float greatest(MemorySegment logits, int count, boolean masked) {
        return kernels.greatest(logits.address(), count, masked);
    }

    @Override
    public long weigh(
            MemorySegment logits, int count, float greatest, float temperature,
            MemorySegment masses, MemorySegment totals, MemorySegment maxima) {
        return kernels.weigh(logits.address(), count, greatest, temperature,
                masses.address(), totals.address(), maxima.address());
    }
}
