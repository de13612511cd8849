package dev.flover.engine.backend.cpu.kernels;

import static dev.flover.engine.backend.cpu.kernels.Lanes.MEMORY;
import static dev.flover.engine.backend.cpu.kernels.Lanes.PARTS;
import static dev.flover.engine.backend.cpu.kernels.Lanes.WIDTH;
import static dev.flover.engine.backend.cpu.kernels.Lanes.exponential;
import static dev.flover.engine.backend.cpu.kernels.Lanes.get;
import static dev.flover.engine.backend.cpu.kernels.Lanes.load;
import static dev.flover.engine.backend.cpu.kernels.Lanes.loadFirst;
import static dev.flover.engine.backend.cpu.kernels.Lanes.set;
import static dev.flover.engine.backend.cpu.kernels.Lanes.splat;
import static dev.flover.engine.backend.cpu.kernels.Lanes.store;
import static dev.flover.engine.backend.cpu.kernels.Lanes.storeFirst;
import static dev.flover.engine.backend.cpu.kernels.Lanes.tangent;

import dev.flover.engine.model.ModelConfig.Activation;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Row-by-row kernels, in the same arithmetic as `quantise.c`, `normalise.c`, `append.c` and `activate.c`.
final class VectorRows {
    private static final float ROUNDER = 0x1.8p23f;
    private static final float GREATEST_HALF = 65504;
    private static final int LEAST_BITS = Float.floatToRawIntBits(FloatForm.LEAST_BF16);
    private static final int INFINITE_BITS = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    private static final int QUIET_BIT = 0x400000;
    private static final float[] ERFC = {
        0.17087277f, -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f,
        -0.18628806f, 0.09678418f, 0.37409196f, 1.00002368f, -1.26551223f};

    private VectorRows() {}

    /// @param quantised overwritten with `[rows][columns]` integers as f32, which [VectorProducts] multiplies
    static void quantise(
            long in, int columns, int rows, long quantised, long scales, long sums, int group) {
        long blocks = (long) rows * columns / 32;
        int groups = 32 / group;
        for (long block = 0; block < blocks; block++) {
            long from = in + 128 * block;
            float most = Float.intBitsToFloat(greatestMagnitude(from));
            float scale = most / 127;
            float inverse = most < 0x1p-100f ? 0 : 127 / most;
            set(scales + 4 * block, scale);
            for (int g = 0; g < groups; g++) {
                int sum = 0;
                for (int i = g * group; i < (g + 1) * group; i++) {
                    float whole = get(from + 4 * i) * inverse + ROUNDER - ROUNDER;
                    int q = (byte) whole;
                    set(quantised + 128 * block + 4 * i, q);
                    sum += q;
                }
                if (sums != 0) {
                    set(sums + 4 * (block * groups + g), scale * sum);
                }
            }
        }
    }

    /// Rounds floats to bf16 and exchanges the numbers of each pair, as `project_bf16.c` does.
    static void roundToBf16(long in, long count, long out) {
        for (long i = 0; i < count; i++) {
            int bits = MEMORY.get(ValueLayout.JAVA_INT, in + 4 * i);
            int magnitude = bits & Integer.MAX_VALUE;
            int rounded = magnitude > INFINITE_BITS ? bits | QUIET_BIT : bits + 0x7FFF + (bits >>> 16 & 1);
            MEMORY.set(ValueLayout.JAVA_INT, out + 4 * (i ^ 1), magnitude < LEAST_BITS ? 0 : rounded & 0xFFFF0000);
        }
    }

    /// The bits of the greatest magnitude of 32 floats. NaN counts as greater than every number.
    private static int greatestMagnitude(long from) {
        var most = load(from).reinterpretAsInts().and(Integer.MAX_VALUE);
        for (int i = WIDTH; i < 32; i += WIDTH) {
            most = most.max(load(from + 4 * i).reinterpretAsInts().and(Integer.MAX_VALUE));
        }
        return most.reduceLanes(VectorOperators.MAX);
    }

    static void normalise(
            long out, long in, int count, int width, boolean centred, float epsilon, long weight, long bias,
            float[] sums) {
        for (int row = 0; row < count; row++, in += 4L * width, out += 4L * width) {
            float mean = centred ? sumOf(in, width, 0, false, sums) / width : 0;
            float variance = sumOf(in, width, mean, true, sums) / width;
            float factor = 1 / (float) Math.sqrt(variance + epsilon);
            int at = 0;
            for (; at + WIDTH <= width; at += WIDTH) {
                store(out + 4L * at, scaled(load(in + 4L * at), mean, factor, weight, bias, at));
            }
            if (at < width) {
                var rest = loadFirst(in + 4L * at, width - at);
                storeFirst(out + 4L * at, scaled(rest, mean, factor, weight, bias, at), width - at);
            }
        }
    }

    private static FloatVector scaled(FloatVector x, float mean, float factor, long weight, long bias, int at) {
        var value = x.sub(mean).mul(factor).mul(load(weight + 4L * at));
        return bias == 0 ? value : value.add(load(bias + 4L * at));
    }

    /// The sum of `x - shift`, or of its squares. Element i is added to partial sum i mod 16.
    private static float sumOf(long x, int width, float shift, boolean squares, float[] sums) {
        int whole = width & -16;
        for (int part = 0; part < PARTS; part++) {
            var sum = Lanes.zero();
            for (int at = part * WIDTH; at < whole; at += 16) {
                var value = load(x + 4L * at).sub(shift);
                sum = squares ? value.fma(value, sum) : sum.add(value);
            }
            sum.intoArray(sums, part * WIDTH);
        }
        for (int i = whole; i < width; i++) {
            float value = get(x + 4L * i) - shift;
            sums[i - whole] = squares ? Math.fma(value, value, sums[i - whole]) : sums[i - whole] + value;
        }
        return Lanes.sumTree(sums);
    }

    /// The lowest index of the greatest number, -1 if any is not finite. A number is finite if its difference from
    /// itself is zero.
    static int argmax(long row, int count) {
        var most = splat(Float.NEGATIVE_INFINITY);
        var doubt = Lanes.zero();
        int at = 0;
        for (; at + WIDTH <= count; at += WIDTH) {
            var x = load(row + 4L * at);
            most = most.max(x);
            doubt = doubt.add(x.sub(x));
        }
        float best = most.reduceLanes(VectorOperators.MAX);
        boolean finite = doubt.eq(0).allTrue();
        for (; at < count; at++) {
            best = Math.max(best, get(row + 4L * at));
            finite &= Float.isFinite(get(row + 4L * at));
        }
        if (!finite) {
            return -1;
        }
        at = 0;
        while (get(row + 4L * at) != best) {
            at++;
        }
        return at;
    }

    /// Six independent chains of fused multiply-adds, with two operations for each round in each chain.
    static float fmaChains(long rounds) {
        var factor = splat(0.999f);
        var addend = splat(0.001f);
        var a = splat(1);
        var b = splat(2);
        var c = splat(3);
        var d = splat(4);
        var e = splat(5);
        var f = splat(6);
        for (long round = 0; round < 2 * rounds; round++) {
            a = a.fma(factor, addend);
            b = b.fma(factor, addend);
            c = c.fma(factor, addend);
            d = d.fma(factor, addend);
            e = e.fma(factor, addend);
            f = f.fma(factor, addend);
        }
        return a.add(b).add(c).add(d).add(e).add(f).lane(0);
    }

    static void turn(long head, long cosines, long sines, int dims, boolean halves) {
        int pairs = dims / 2;
        for (int i = 0; i < pairs; i++) {
            long first = head + 4L * (halves ? i : 2 * i);
            long second = halves ? first + 4L * pairs : first + 4;
            float a = get(first);
            float b = get(second);
            float cosine = get(cosines + 4L * i);
            float sine = get(sines + 4L * i);
            set(first, Math.fma(a, cosine, -(b * sine)));
            set(second, Math.fma(a, sine, b * cosine));
        }
    }

    static void putKeysAndValues(
            long key, long value, int kvHeads, int headDim, long keys, long values, CacheForm form,
            int blockTokens, int token) {
        int panel = Math.min(16, blockTokens);
        int padded = Kernels.padded(headDim);
        for (int head = 0; head < kvHeads; head++) {
            long ofKeys = keys + head * form.headBytes(blockTokens, headDim);
            long ofValues = values + head * form.headBytes(blockTokens, padded);
            long toKey = ofKeys + (long) form.bytes * (token / panel * headDim * panel + token % panel);
            long toValue = ofValues + (long) form.bytes * token * padded;
            put(toKey, panel, key + 4L * head * headDim, headDim, form,
                    ofKeys + (long) blockTokens * headDim + 4L * token);
            if (values != 0) {
                put(toValue, 1, value + 4L * head * headDim, headDim, form,
                        ofValues + (long) blockTokens * padded + 4L * token);
            }
        }
    }

    /// Writes the numbers of a key or value, `step` numbers apart.
    ///
    /// @param scale where their scale is written, in [CacheForm#BYTE]
    private static void put(long to, int step, long from, int count, CacheForm form, long scale) {
        float inverse = form == CacheForm.BYTE ? 127 / putScale(from, count, scale) : 0;
        for (int i = 0; i < count; i++) {
            long address = to + (long) form.bytes * i * step;
            float value = get(from + 4L * i);
            switch (form) {
                case SINGLE -> MEMORY.set(ValueLayout.JAVA_FLOAT, address, value);
                case HALF -> MEMORY.set(
                        ValueLayout.JAVA_SHORT, address, Float.floatToFloat16(finiteHalf(value)));
                case BYTE -> MEMORY.set(ValueLayout.JAVA_BYTE, address, (byte) (value * inverse + ROUNDER - ROUNDER));
            }
        }
    }

    /// Writes the scale of some numbers; returns their greatest magnitude, or infinity if it is nearly 0.
    private static float putScale(long from, int count, long scale) {
        int bits = 0;
        for (int i = 0; i < count; i++) {
            bits = Math.max(bits, Float.floatToRawIntBits(get(from + 4L * i)) & Integer.MAX_VALUE);
        }
        float most = Float.intBitsToFloat(bits);
        MEMORY.set(ValueLayout.JAVA_FLOAT_UNALIGNED, scale, most / 127);
        return most < 0x1p-100f ? Float.POSITIVE_INFINITY : most;
    }

    /// The nearest finite f16 value; NaN becomes the lowest one.
    private static float finiteHalf(float value) {
        float atLeast = value > -GREATEST_HALF ? value : -GREATEST_HALF;
        return atLeast < GREATEST_HALF ? atLeast : GREATEST_HALF;
    }

    static void activate(long out, long in, int rows, int width, boolean gated, Activation activation) {
        long inBytes = 4L * width * (gated ? 2 : 1);
        for (int row = 0; row < rows; row++, out += 4L * width, in += inBytes) {
            int at = 0;
            for (; at + WIDTH <= width; at += WIDTH) {
                var value = activated(load(in + 4L * at), activation);
                store(out + 4L * at, gated ? value.mul(factor(load(in + 4L * (width + at)), activation)) : value);
            }
            if (at < width) {
                int rest = width - at;
                var value = activated(loadFirst(in + 4L * at, rest), activation);
                storeFirst(out + 4L * at,
                        gated ? value.mul(factor(loadFirst(in + 4L * (width + at), rest), activation)) : value, rest);
            }
        }
    }

    private static FloatVector activated(FloatVector x, Activation activation) {
        return switch (activation) {
            case SILU -> silu(x);
            case GELU_TANH -> geluTanh(x);
            case GELU_ERF -> geluErf(x);
            case RELU -> x.max(0);
            case RELU_SQUARED -> x.max(0).mul(x.max(0));
            case CLAMPED_SWIGLU -> clampedSwish(x.min(7));
        };
    }

    /// The factor by which the up projection multiplies the activated gate.
    private static FloatVector factor(FloatVector up, Activation activation) {
        return switch (activation) {
            case SILU, GELU_TANH, GELU_ERF, RELU, RELU_SQUARED -> up;
            case CLAMPED_SWIGLU -> up.min(7).max(-7).add(1);
        };
    }

    private static FloatVector clampedSwish(FloatVector x) {
        var e = exponential(splat(0).sub(x.abs().mul(1.702f)));
        return x.mul(wherePositive(x, splat(1), e)).div(e.add(1));
    }

    private static FloatVector silu(FloatVector x) {
        var e = exponential(splat(0).sub(x.abs()));
        return x.mul(wherePositive(x, splat(1), e)).div(e.add(1));
    }

    private static FloatVector geluTanh(FloatVector x) {
        var cubic = splat(0.044715f).mul(x).mul(x).mul(x);
        return x.mul(0.5f).mul(tangent(x.add(cubic).mul(0.79788456f)).add(1));
    }

    private static FloatVector geluErf(FloatVector x) {
        var z = x.abs().mul(0.70710677f);
        var t = splat(1).div(z.fma(splat(0.5f), splat(1)));
        var sum = splat(ERFC[0]);
        for (int i = 1; i < ERFC.length; i++) {
            sum = sum.fma(t, splat(ERFC[i]));
        }
        var power = sum.sub(z.mul(z));
        var tail = t.mul(exponential(power.min(0)));
        return x.mul(0.5f).mul(wherePositive(x, splat(2).sub(tail), tail));
    }

    private static FloatVector wherePositive(FloatVector at, FloatVector x, FloatVector y) {
        return x.blend(y, at.reinterpretAsInts().lt(0).cast(Lanes.FLOATS));
    }
}
