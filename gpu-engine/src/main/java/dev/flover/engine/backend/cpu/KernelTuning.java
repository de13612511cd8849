package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.cpu.PackedWeight.BlockPart;
import dev.flover.engine.backend.cpu.kernels.KernelChoices;
import dev.flover.engine.backend.cpu.kernels.NativeKernels;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/// Measures which [KernelChoices] are the fastest on this processor. Takes about a second.
///
/// Each number is chosen by products that depend on it, the others staying as they are. Weights are read from memory,
/// as in a step of a model that is larger than the caches. The candidates are measured in turn, several times, and the
/// shortest time of each counts, so that other load on the machine disturbs little. A candidate replaces the present
/// choice only if it is faster by more than [#LEAST_GAIN].
final class KernelTuning {
    private static final int OUTPUTS = 8192;
    private static final int INPUTS = 4096;
    private static final int ROUNDS = 9;
    private static final double LEAST_GAIN = 0.03;
    private static final int MOST_ROWS = 32;

    private final CpuBackend backend;
    private final NativeKernels kernels;
    private final HostTensor in;
    private final HostTensor out;
    private final PackedWeight weight;

    private KernelTuning(NativeKernels kernels, CpuBackend backend, Arena arena) {
        this.kernels = kernels;
        this.backend = backend;
        in = HostTensor.of(backend.tensor(MOST_ROWS, INPUTS));
        out = HostTensor.of(backend.tensor(MOST_ROWS, OUTPUTS));
        // without the Vector API, which a JVM with compiled kernels does not load
        for (int i = 0; i < MOST_ROWS * INPUTS; i++) {
            in.memory().setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 17 - 8);
        }
        var type = TensorType.Q4_0;
        var data = arena.allocate(OUTPUTS * type.rowBytes(INPUTS));
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(0.01f));
        }
        weight = PackedWeight.of(backend.weight(
                Matrix.of(Matrix.Role.GATE_UP, new StoredTensor("measured", type, OUTPUTS, INPUTS, data))));
    }

    /// @param threads how many threads compute
    static KernelChoices measure(NativeKernels kernels, int threads) {
        try (var arena = Arena.ofShared();
                var backend = new CpuBackend(kernels, new Workers(threads, "tuning"))) {
            var tuning = new KernelTuning(kernels, backend, arena);
            var best = KernelChoices.DEFAULT;
            best = tuning.fastest(1, best, new int[] {0, 512, 2048}, with(best, 0));
            best = tuning.fastest(MOST_ROWS, best, new int[] {8}, with(best, 1));
            best = tuning.fastest(8, best, new int[] {0}, with(best, 1));
            if (kernels.mayHaveSmallTiles()) {
                best = tuning.fastest(MOST_ROWS, best, new int[] {1}, with(best, 3));
            }
            // where codes are taken apart once for many rows, chunks of many rows are longer than chosen
            return tuning.fastest(best.smallTiles() ? MOST_ROWS : 16, best, new int[] {2, 8}, with(best, 2));
        }
    }

    private void evictWeights() {
        for (var part : weight.parts()) {
            if (part instanceof BlockPart blocks) {
                kernels.evict(blocks.quants());
                kernels.evict(blocks.scales());
            }
        }
    }

    /// The choices with another value of one of their numbers.
    private static IntFunction<KernelChoices> with(KernelChoices all, int index) {
        return value -> new KernelChoices(index == 0 ? value : all.aheadBytes(),
                index == 1 ? value : all.aheadRows(), index == 2 ? value : all.chunkBlocks(),
                index == 3 ? value == 1 : all.smallTiles());
    }

    private KernelChoices fastest(int rows, KernelChoices present, int[] values, IntFunction<KernelChoices> with) {
        var candidates = new ArrayList<>(List.of(present));
        for (int value : values) {
            candidates.add(with.apply(value));
        }
        var nanos = new long[candidates.size()];
        Arrays.fill(nanos, Long.MAX_VALUE);
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < nanos.length; i++) {
                kernels.choose(candidates.get(i));
                evictWeights();
                long start = System.nanoTime();
                backend.project(out, in, rows, weight, null);
                nanos[i] = Math.min(nanos[i], System.nanoTime() - start);
            }
        }
        int best = 0;
        for (int i = 1; i < nanos.length; i++) {
            best = nanos[i] < nanos[best] * (best == 0 ? 1 - LEAST_GAIN : 1) ? i : best;
        }
        kernels.choose(candidates.get(best));
        return candidates.get(best);
    }
}
