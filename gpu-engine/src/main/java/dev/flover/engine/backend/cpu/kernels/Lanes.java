package dev.flover.engine.backend.cpu.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Vectors of this machine's width, and the functions of `lanes.h` on them.
///
/// A group of sixteen lanes is held in [#PARTS] vectors of [#WIDTH] lanes. No operation combines lanes, so the vectors'
/// width does not change any bit of a result.
@SuppressWarnings("restricted")
public final class Lanes {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED.length() > 16
            ? FloatVector.SPECIES_512 : FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
    /// Vectors with as many bytes as [#FLOATS] has lanes, or more, as there are none of less than 64 bits.
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_64.withShape(
            VectorShape.forBitSize(Math.max(64, 8 * FLOATS.length())));
    /// Vectors with as many 16-bit numbers as [#FLOATS] has lanes.
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_64.withShape(
            VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    static final int WIDTH = FLOATS.length();
    static final int PARTS = 16 / WIDTH;
    /// The whole address space, so that an offset in it is an address.
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final float ROUNDER = 0x1.8p23f;

    private Lanes() {}

    static FloatVector zero() {
        return FloatVector.zero(FLOATS);
    }

    static FloatVector splat(float value) {
        return FloatVector.broadcast(FLOATS, value);
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(FLOATS, MEMORY, address, ORDER);
    }

    static FloatVector loadFirst(long address, int count) {
        return FloatVector.fromMemorySegment(FLOATS, MEMORY, address, ORDER, first(count));
    }

    static void store(long address, FloatVector vector) {
        vector.intoMemorySegment(MEMORY, address, ORDER);
    }

    static void storeFirst(long address, FloatVector vector, int count) {
        vector.intoMemorySegment(MEMORY, address, ORDER, first(count));
    }

    static IntVector loadInts(long address) {
        return IntVector.fromMemorySegment(INTS, MEMORY, address, ORDER);
    }

    /// Loads f16 numbers and converts them to f32. Correct for finite values: the exponent bias of f32 is 112 greater
    /// than that of f16.
    static FloatVector loadHalf(long address) {
        var bits = loadShorts(address);
        var magnitude = bits.and(0x7FFF).lanewise(VectorOperators.LSHL, 13).reinterpretAsFloats().mul(0x1p112f);
        var sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
        return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
    }

    static FloatVector loadSignedBytes(long address) {
        return (FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, address, ORDER)
                .convertShape(VectorOperators.B2F, FLOATS, 0);
    }

    private static IntVector loadShorts(long address) {
        return (IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, address, ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    }

    static VectorMask<Float> first(int count) {
        return FLOATS.indexInRange(0, count);
    }

    /// A mask of the lanes from `first` up to and excluding `end`; both may be outside the vector.
    static VectorMask<Float> range(int first, int end) {
        return FLOATS.indexInRange(0, end).andNot(FLOATS.indexInRange(0, first));
    }

    public static float get(long address) {
        return MEMORY.get(ValueLayout.JAVA_FLOAT, address);
    }

    public static void set(long address, float value) {
        MEMORY.set(ValueLayout.JAVA_FLOAT, address, value);
    }

    /// Sums sixteen floats in the order of `lanes.h`: adds lane i + 8 to lane i, then i + 4, i + 2 and i + 1.
    /// Overwrites `sums`.
    static float sumTree(float[] sums) {
        for (int half = 8; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                sums[i] += sums[i + half];
            }
        }
        return sums[0];
    }

    /// `exp(x)` in the arithmetic of [dev.flover.engine.sampling.Exponential].
    static FloatVector exponential(FloatVector x) {
        var argument = x.max(-64);
        var n = argument.fma(splat(0x1.715476p0f), splat(ROUNDER)).sub(ROUNDER);
        var r = n.fma(splat(-0x1.7f7d1cp-20f), n.fma(splat(-0x1.62e4p-1f), argument));
        var p = r.fma(splat(1 / 5040f), splat(1 / 720f));
        p = p.fma(r, splat(1 / 120f));
        p = p.fma(r, splat(1 / 24f));
        p = p.fma(r, splat(1 / 6f));
        p = p.fma(r, splat(0.5f));
        p = p.fma(r, splat(1));
        p = p.fma(r, splat(1));
        var exponent = (IntVector) n.convert(VectorOperators.F2I, 0);
        return p.mul(exponent.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
    }

    /// `tanh(x)`, computed as `(1 - e) / (1 + e)` with `e = exp(-2 |x|)` and the sign of `x`.
    static FloatVector tangent(FloatVector x) {
        var e = exponential(x.abs().mul(-2));
        var magnitude = splat(1).sub(e).div(e.add(1));
        var sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
        return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
    }
}
