package dev.flover.engine.backend.cpu.kernels;

import static dev.flover.engine.backend.cpu.kernels.Lanes.MEMORY;
import static dev.flover.engine.backend.cpu.kernels.Lanes.WIDTH;
import static dev.flover.engine.backend.cpu.kernels.Lanes.load;
import static dev.flover.engine.backend.cpu.kernels.Lanes.loadFirst;
import static dev.flover.engine.backend.cpu.kernels.Lanes.set;
import static dev.flover.engine.backend.cpu.kernels.Lanes.splat;
import static dev.flover.engine.backend.cpu.kernels.Lanes.store;
import static dev.flover.engine.backend.cpu.kernels.Lanes.zero;

import dev.flover.engine.sampling.LogitPasses;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// The sampler's passes over logits, in the same arithmetic as `weigh.c`.
final class VectorWeighing {
    private static final float LEAST_NUMBER = -Float.MAX_VALUE;

    private VectorWeighing() {}

    static float greatest(long row, int count, boolean masked) {
        var most = splat(Float.NEGATIVE_INFINITY);
        var doubt = zero();
        int at = 0;
        for (; at + WIDTH <= count; at += WIDTH) {
            var x = load(row + 4L * at);
            most = most.max(x);
            x = masked ? x.max(LEAST_NUMBER) : x;
            doubt = doubt.add(x.sub(x));
        }
        float best = most.reduceLanes(VectorOperators.MAX);
        float rest = doubt.abs().reduceLanes(VectorOperators.MAX);      // 0, or NaN if a logit is not finite
        for (; at < count; at++) {
            float x = Lanes.get(row + 4L * at);
            best = Math.max(best, x);
            x = masked ? Math.max(x, LEAST_NUMBER) : x;
            rest += x - x;
        }
        return best + rest;
    }

    static long weigh(
            long row, int count, float most, float temperature, long masses, long totals, long maxima) {
        long sum = 0;
        for (int first = 0; first < count; first += LogitPasses.CHUNK) {
            var high = zero();
            var low = zero();
            var top = zero();
            for (int at = first; at < Math.min(first + LogitPasses.CHUNK, count); at += WIDTH) {
                var mass = mass(row, count, at, most, temperature);
                var upper = truncated(mass.mul(0x1p-20f));
                var lower = truncated(upper.fma(splat(-0x1p20f), mass));
                mass = upper.fma(splat(0x1p20f), lower);
                high = high.add(upper);
                low = low.add(lower);
                top = top.max(mass);
                store(masses + 4L * at, mass);
            }
            long total = ((long) sumWhole(high) << 20) + sumWhole(low);
            MEMORY.set(ValueLayout.JAVA_LONG, totals + first / LogitPasses.CHUNK * 8L, total);
            set(maxima + first / LogitPasses.CHUNK * 4L, top.reduceLanes(VectorOperators.MAX));
            sum += total;
        }
        return sum;
    }

    /// The masses of a vector of logits, not yet rounded down; 0 in lanes beyond the row's end.
    private static FloatVector mass(long row, int count, int at, float most, float temperature) {
        boolean whole = at + WIDTH <= count;
        var x = whole ? load(row + 4L * at) : loadFirst(row + 4L * at, count - at);
        var mass = Lanes.exponential(x.sub(most).div(temperature)).mul(0x1p40f);
        return whole ? mass : zero().blend(mass, Lanes.first(count - at));
    }

    /// Rounds towards zero, for magnitudes below 2^31.
    private static FloatVector truncated(FloatVector x) {
        return (FloatVector) x.convert(VectorOperators.F2I, 0).convert(VectorOperators.I2F, 0);
    }

    /// Sums lanes that hold integers. Integer addition is exact, so the order does not matter.
    private static int sumWhole(FloatVector x) {
        return (int) x.convert(VectorOperators.F2I, 0).reduceLanesToLong(VectorOperators.ADD);
    }
}
