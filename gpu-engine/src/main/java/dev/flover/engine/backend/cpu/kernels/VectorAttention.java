package dev.flover.engine.backend.cpu.kernels;

import static dev.flover.engine.backend.cpu.kernels.Lanes.PARTS;
import static dev.flover.engine.backend.cpu.kernels.Lanes.WIDTH;
import static dev.flover.engine.backend.cpu.kernels.Lanes.exponential;
import static dev.flover.engine.backend.cpu.kernels.Lanes.get;
import static dev.flover.engine.backend.cpu.kernels.Lanes.load;
import static dev.flover.engine.backend.cpu.kernels.Lanes.set;
import static dev.flover.engine.backend.cpu.kernels.Lanes.splat;
import static dev.flover.engine.backend.cpu.kernels.Lanes.store;
import static dev.flover.engine.backend.cpu.kernels.PagedCache.SPLIT;

import dev.flover.engine.sampling.Exponential;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Attention for one query at a time, in the same arithmetic as `attention.c`.
final class VectorAttention {
    private final int headDim;
    private final int valueDim;
    /// The width of a value, padded to a multiple of 16.
    private final int padded;
    private final int kvHeads;
    private final int kvHead;
    private final long keys;
    private final long values;
    private final CacheForm form;
    /// Bytes of a stored key or value element.
    private final long size;
    /// The scales of a split's keys and values, in [CacheForm#BYTE].
    private final float[] keyScales = new float[SPLIT];
    private final float[] valueScales = new float[SPLIT];
    private final long blocks;
    private final int blockTokens;
    private final int window;
    private final float scale;
    private final float cap;
    /// Address of [PagedCache#SPLIT] scores, later the split's softmax weights.
    private final long scores;
    /// Address of `padded` sums of the output.
    private final long out;
    private final float[] sums;

    VectorAttention(
            int headDim, int valueDim, int kvHeads, int kvHead, long keys, long values, CacheForm form, long blocks,
            int blockTokens, int window, float scale, float cap, long scratch, float[] sums) {
        this.headDim = headDim;
        this.valueDim = valueDim;
        this.padded = Kernels.padded(valueDim);
        this.kvHeads = kvHeads;
        this.kvHead = kvHead;
        this.keys = keys;
        this.values = values;
        this.form = form;
        size = form.bytes;
        this.blocks = blocks;
        this.blockTokens = blockTokens;
        this.window = window;
        this.scale = scale;
        this.cap = cap;
        scores = scratch;
        out = scratch + 4L * SPLIT;
        this.sums = sums;
    }

    /// @param sink the score of the query's head that has no key and no value; NaN for none
    void attend(long to, long query, int position, float sink) {
        float greatest = Float.isNaN(sink) ? Float.NEGATIVE_INFINITY : sink;
        float total = Float.isNaN(sink) ? 0 : 1;
        for (int d = 0; d < padded; d += WIDTH) {
            store(out + 4L * d, Lanes.zero());
        }
        int oldest = window > 0 ? Math.max(0, position + 1 - window) : 0;
        for (int split = oldest / SPLIT * SPLIT; split <= position; split += SPLIT) {
            int first = Math.max(0, oldest - split);
            int end = Math.min(SPLIT, position + 1 - split);
            if (form == CacheForm.BYTE) {
                findScales(split, end);
            }
            float splitGreatest = score(query, split, first, end);
            float weights = soften(splitGreatest, first, end);
            float next = greatest > splitGreatest ? greatest : splitGreatest;
            float keep = Exponential.exp(greatest - next);
            float take = Exponential.exp(splitGreatest - next);
            total = Math.fma(total, keep, weights * take);
            greatest = next;
            weigh(split, first, end, keep, take);
        }
        float inverse = 1 / total;
        for (int d = 0; d < valueDim; d++) {
            set(to + 4L * d, get(out + 4L * d) * inverse);
        }
    }

    /// Computes the scaled and capped scores of the split's keys from `first` up to and excluding `end`; returns the
    /// greatest.
    private float score(long query, int split, int first, int end) {
        if (blockTokens >= WIDTH) {
            for (int t = first / WIDTH * WIDTH; t < end; t += WIDTH) {
                store(scores + 4L * t, scoreVector(query, split + t));
            }
        } else {
            for (int t = first; t < end; t++) {
                set(scores + 4L * t, scoreOne(query, split + t));
            }
        }
        var greatest = splat(Float.NEGATIVE_INFINITY);
        for (int t = first / WIDTH * WIDTH; t < end; t += WIDTH) {
            var score = load(scores + 4L * t);
            if (form == CacheForm.BYTE) {
                score = score.mul(FloatVector.fromArray(Lanes.FLOATS, keyScales, t));
            }
            score = score.mul(scale);
            if (cap != 0) {
                score = Lanes.tangent(score.div(cap)).mul(cap);
            }
            score = splat(Float.NEGATIVE_INFINITY).blend(score, Lanes.range(first - t, end - t));
            store(scores + 4L * t, score);
            greatest = greatest.max(score);
        }
        return greatest.reduceLanes(VectorOperators.MAX);
    }

    private FloatVector scoreVector(long query, int token) {
        long key = key(token);
        int panel = Math.min(16, blockTokens);
        var sum = Lanes.zero();
        for (int d = 0; d < headDim; d++) {
            sum = splat(get(query + 4L * d)).fma(stored(key + size * d * panel), sum);
        }
        return sum;
    }

    private float scoreOne(long query, int token) {
        long key = key(token);
        int panel = Math.min(16, blockTokens);
        float sum = 0;
        for (int d = 0; d < headDim; d++) {
            sum = Math.fma(get(query + 4L * d), storedOne(key + size * d * panel), sum);
        }
        return sum;
    }

    private FloatVector stored(long address) {
        return switch (form) {
            case SINGLE -> load(address);
            case HALF -> Lanes.loadHalf(address);
            case BYTE -> Lanes.loadSignedBytes(address);
        };
    }

    private float storedOne(long address) {
        return switch (form) {
            case SINGLE -> get(address);
            case HALF -> Float.float16ToFloat(Lanes.MEMORY.get(ValueLayout.JAVA_SHORT, address));
            case BYTE -> Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, address);
        };
    }

    private long key(int token) {
        int panel = Math.min(16, blockTokens);
        int within = token % blockTokens;
        return keys + head(token) * form.headBytes(blockTokens, headDim)
                + size * ((long) (within / panel) * headDim * panel + within % panel);
    }

    private void findScales(int split, int end) {
        for (int t = 0; t < end; t++) {
            long head = head(split + t);
            long at = 4L * ((split + t) % blockTokens);
            keyScales[t] = Lanes.MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED,
                    keys + head * form.headBytes(blockTokens, headDim) + (long) blockTokens * headDim + at);
            valueScales[t] = values == 0 ? keyScales[t] : Lanes.MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED,
                    values + head * form.headBytes(blockTokens, padded) + (long) blockTokens * padded + at);
        }
    }

    private long head(int token) {
        long block = Lanes.MEMORY.get(ValueLayout.JAVA_INT, blocks + 4L * (token / blockTokens));
        return block * kvHeads + kvHead;
    }

    /// Replaces scores by softmax weights; returns their sum.
    private float soften(float greatest, int first, int end) {
        Arrays.fill(sums, 0);
        for (int part = 0; part < PARTS; part++) {
            var sum = Lanes.zero();
            for (int t = first / 16 * 16 + part * WIDTH; t < end; t += 16) {
                if (t + WIDTH <= first) {
                    continue;
                }
                var weight = exponential(load(scores + 4L * t).sub(greatest));
                weight = Lanes.zero().blend(weight, Lanes.range(first - t, end - t));
                sum = sum.add(weight);
                store(scores + 4L * t, form == CacheForm.BYTE
                        ? weight.mul(FloatVector.fromArray(Lanes.FLOATS, valueScales, t)) : weight);
            }
            sum.intoArray(sums, part * WIDTH);
        }
        return Lanes.sumTree(sums);
    }

    private void weigh(int split, int first, int end, float keep, float take) {
        for (int d = 0; d < padded; d += WIDTH) {
            var sum = Lanes.zero();
            for (int t = first; t < end; t++) {
                sum = splat(get(scores + 4L * t)).fma(value(split + t, d), sum);
            }
            store(out + 4L * d, load(out + 4L * d).fma(splat(keep), sum.mul(take)));
        }
    }

    /// The value of a position, from dimension `d` on.
    private FloatVector value(int token, int d) {
        if (values != 0) {
            return stored(values + head(token) * form.headBytes(blockTokens, padded)
                    + size * ((long) (token % blockTokens) * padded + d));
        }
        long key = key(token) + size * (headDim - valueDim) * Math.min(16, blockTokens);
        for (int lane = 0; lane < WIDTH; lane++) {
            sums[lane] = d + lane < valueDim ? storedOne(key + size * (d + lane) * Math.min(16, blockTokens)) : 0;
        }
        return FloatVector.fromArray(Lanes.FLOATS, sums, 0);
    }
}
