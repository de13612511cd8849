package dev.flover.engine.backend.cpu.kernels;

import static dev.flover.engine.backend.cpu.kernels.Lanes.MEMORY;

import dev.flover.engine.backend.cpu.kernels.BlockForm.ScaleForm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// The weights of one panel, taken apart into bytes and f32 scales, which [VectorProducts] multiplies for all rows.
///
/// One object is reused for many panels, and is used by one thread.
final class PanelNumbers {
    private static final int STEPS = 8;

    private MemorySegment memory = MemorySegment.NULL;
    private long scales;
    private long minimums;
    private long quants;

    /// The weights, `[blocks][8 steps][16 outputs][4 inputs]` unsigned bytes: numbers plus [BlockForm#offset].
    long quants() {
        return quants;
    }

    /// The scales, `[blocks][32 / group][16]` f32.
    long scales() {
        return scales;
    }

    /// The minimums, `[blocks][32 / group][16]` f32; unspecified in a form without minimums.
    long minimums() {
        return minimums;
    }

    /// Takes one panel of a product's weights apart.
    void fill(VectorProducts.Blocks weights, int blocks, int panel) {
        var form = weights.form();
        reserve(blocks);
        int records = Math.ceilDiv(weights.skipped() + blocks, form.span);
        long record = (long) panel * records;
        long from = weights.quants() + record * form.recordBytes();
        if (form.low == 8) {
            quants = from;
        }
        for (int block = 0; block < blocks; block++) {
            int at = weights.skipped() + block;
            long stored = from + (long) (at / form.span) * form.recordBytes();
            if (form.low < 8) {
                fillCodes(form, stored, at % form.span, quants + 512L * block);
            }
            long scale = 16 * form.scaleBytes() * (record + at / form.span);
            fillScales(form, stored, at % form.span, weights.scales() + scale, scales, block, 0);
            if (form.minimums) {
                fillScales(form, stored, at % form.span, weights.minimums() + scale, minimums, block, 1);
            }
        }
    }

    private void reserve(int blocks) {
        long bytes = (512L + 2 * 2 * 64) * blocks;
        if (memory.byteSize() < bytes) {
            memory = Arena.ofAuto().allocate(bytes, 64);
        }
        quants = memory.address();
        scales = quants + 512L * blocks;
        minimums = scales + 128L * blocks;
    }

    /// Writes the 512 bytes of one block.
    private static void fillCodes(BlockForm form, long record, int within, long to) {
        long low = record + 64L * form.low * within;
        long high = record + form.highPlane() + 64L * form.high * within;
        for (int step = 0; step < STEPS; step++) {
            for (int part = 0; part < Lanes.PARTS; part++) {
                long at = 4L * Lanes.WIDTH * part;
                var codes = field(low + at, form.low, step, 0);
                if (form.high > 0) {
                    codes = codes.or(field(high + at, form.high, step, form.low));
                }
                codes.intoMemorySegment(MEMORY, to + 64 * step + at, ByteOrder.nativeOrder());
            }
        }
        byte[] levels = form.levels();
        if (levels != null) {
            look(to, ByteVector.fromArray(ByteVector.SPECIES_128, levels, 0));
        }
    }

    /// The bits that a plane has for one step, moved to bit `to` of each byte.
    private static IntVector field(long plane, int bits, int step, int to) {
        var stored = Lanes.loadInts(plane + 64 * (step % bits));
        int from = step - step % bits;
        var moved = from >= to ? stored.lanewise(VectorOperators.LSHR, from - to)
                : stored.lanewise(VectorOperators.LSHL, to - from);
        return moved.and(((1 << bits) - 1 << to) * 0x01010101);
    }

    /// Replaces the codes of one block by their levels.
    private static void look(long codes, ByteVector levels) {
        for (int i = 0; i < 512; i += 16) {
            ByteVector.fromMemorySegment(ByteVector.SPECIES_128, MEMORY, codes + i, ByteOrder.nativeOrder())
                    .selectFrom(levels).intoMemorySegment(MEMORY, codes + i, ByteOrder.nativeOrder());
        }
    }

    /// Writes the scales (`kind` 0) or minimums (1) of one block's groups.
    private static void fillScales(
            BlockForm form, long record, int within, long stored, long to, int block, int kind) {
        int groups = 32 / form.group;
        for (int group = 0; group < groups; group++) {
            long factors = record + form.factors(within, group, kind);
            long at = to + 64L * (block * groups + group);
            for (int lane = 0; lane < 16; lane++) {
                Lanes.set(at + 4 * lane, scale(form.scale, stored, factors, lane, kind));
            }
        }
    }

    private static float scale(ScaleForm form, long stored, long factors, int lane, int kind) {
        return switch (form) {
            case HALF -> half(stored + 2 * lane);
            case POWER -> Math.scalb(1f, unsigned(stored + lane) - 128);
            case FACTOR -> half(stored + 2 * lane) * (byte) unsigned(factors + lane);
            case NIBBLE -> half(stored + 2 * lane) * (unsigned(factors + lane) >> 4 * kind & 15);
        };
    }

    private static float half(long address) {
        return Float.float16ToFloat(MEMORY.get(ValueLayout.JAVA_SHORT, address));
    }

    private static int unsigned(long address) {
        return MEMORY.get(ValueLayout.JAVA_BYTE, address) & 0xFF;
    }
}
