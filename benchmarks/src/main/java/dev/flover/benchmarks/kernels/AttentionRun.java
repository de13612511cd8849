package dev.flover.benchmarks.kernels;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Attention;
import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;

/// Attention of one row of each of several sequences, as in decode, in one or in many layers.
final class AttentionRun {
    private static final int BLOCK_TOKENS = 16;
    private static final int ROWS_OF_A_STEP = 256;
    private static final int LEAST_PASSES = 3;

    private final Backend backend;
    private final Cache cache;
    private final StepPlan plan;
    private final Tensor in;
    private final Tensor out;
    private final int sequences;
    private final int positions;

    /// What a model's attention looks like.
    record Heads(int heads, int kvHeads, int headDim) {}

    /// Fills the keys and values of all positions.
    ///
    /// @param layers whose keys and values are read in turn
    /// @param arena  lives until the backend has copied what it needs
    /// @throws IllegalArgumentException if the keys and values do not fit into memory
    AttentionRun(Backend backend, Arena arena, Heads heads, int sequences, int positions, int layers) {
        this.backend = backend;
        this.sequences = sequences;
        this.positions = positions;
        int blocks = stored(positions) / BLOCK_TOKENS;
        CacheShape shape = BackendCacheShapeBuilder.builder().layers(layers).heads(heads.heads)
                .kvHeads(heads.kvHeads).headDim(heads.headDim).vocabulary(BLOCK_TOKENS).blocks(blocks * sequences)
                .blockTokens(BLOCK_TOKENS).slots(sequences).contextLength(blocks * BLOCK_TOKENS).latent(0).build();
        if (backend.blocksThatFit(shape, 1) < blocks * sequences) {
            throw new IllegalArgumentException("keys and values of " + sequences + " x " + positions + " positions in "
                    + layers + (layers == 1 ? " layer" : " layers") + " do not fit into a quarter of this machine's "
                    + "memory; give fewer --positions or --sequences, or a smaller --memory-mb");
        }
        int rows = Math.max(ROWS_OF_A_STEP, sequences);
        in = Activations.of(backend, arena, TensorType.F16, rows, shape.rowWidth());
        out = backend.tensor(rows, heads.heads * heads.headDim);
        cache = backend.cache(shape);
        plan = new StepPlan(rows, sequences);
        for (int slot = 0; slot < sequences; slot++) {
            plan.admit(new StepPlan.Admission(slot, new int[] {0}, 1, 0, SamplingParams.greedy(), new int[0]));
            for (int block = 0; block < blocks; block++) {
                plan.setBlock(slot, block, block * sequences + slot);
            }
        }
        fill();
    }

    /// The positions for which a sequence of this length has memory.
    static int stored(int positions) {
        return Math.ceilDiv(positions, BLOCK_TOKENS) * BLOCK_TOKENS;
    }

    private void fill() {
        for (int slot = 0; slot < sequences; slot++) {
            for (int first = 0; first < positions; first += ROWS_OF_A_STEP) {
                plan.beginSlice(slot);
                for (int at = first; at < Math.min(first + ROWS_OF_A_STEP, positions); at++) {
                    plan.addRow(0, at);
                }
                backend.begin(plan, cache);
                for (int layer = 0; layer < cache.shape().layers(); layer++) {
                    backend.appendKeysAndValues(in, cache, layer, null, null, null, 0);
                }
                backend.end(plan);
                plan.clear();
            }
        }
    }

    /// Bytes that one layer has of the keys and values of all positions.
    double bytes() {
        return (double) cache.bytes() / cache.shape().layers() * positions / stored(positions);
    }

    /// Multiplications and additions in one layer: each query with each key, and each weight with each value.
    double operations() {
        return 4.0 * cache.shape().heads() * cache.shape().headDim() * positions * sequences;
    }

    /// Returns the nanoseconds of one layer in the fastest of several passes through the first layers.
    ///
    /// @param count   how many layers are computed in turn in a pass; at most all
    /// @param seconds how long passes are repeated
    double nanos(int count, double seconds) {
        int layers = Math.min(count, cache.shape().layers());
        float scale = (float) (1 / Math.sqrt(cache.shape().headDim()));
        for (int slot = 0; slot < sequences; slot++) {
            plan.beginSlice(slot);
            plan.addRow(0, positions - 1);
        }
        backend.begin(plan, cache);
        double best = Double.MAX_VALUE;
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (int pass = 0; pass < LEAST_PASSES || System.nanoTime() < end; pass++) {
            long start = System.nanoTime();
            for (int layer = 0; layer < layers; layer++) {
                backend.attention(out, in, cache, new Attention(layer, 0, scale, 0, null));
            }
            best = Math.min(best, (double) (System.nanoTime() - start) / layers);
        }
        backend.end(plan);
        plan.clear();
        return best;
    }
}
