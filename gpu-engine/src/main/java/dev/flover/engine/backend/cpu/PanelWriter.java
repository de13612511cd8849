package dev.flover.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;

/// Writes stored rows to the memory of one panel, in the layout that `packed.h` describes.
///
/// @param quants   `[records]`
/// @param scales   `[records][16]`
/// @param minimums the same, or no memory
record PanelWriter(BlockForm form, MemorySegment quants, MemorySegment scales, MemorySegment minimums) {
    /// Packs stored blocks of a row, which become one output (lane) of the panel, one block a record.
    ///
    /// @param at where the first block begins in `from`, in bytes
    void pack(TensorType type, MemorySegment from, long at, int records, int lane) {
        switch (type) {
            case Q8_0 -> packBytes(from, at, records, lane);
            case Q4_0 -> packNibbles(from, at, records, lane);
            default -> {
                var stored = new StoredBlock();
                for (int record = 0; record < records; record++, at += type.blockBytes()) {
                    packRecord(stored, type, from, at, record, lane);
                }
            }
        }
    }

    /// Packs Q8_0, whose blocks are an f16 scale and 32 signed bytes.
    private void packBytes(MemorySegment from, long at, int records, int lane) {
        for (int record = 0; record < records; record++, at += 34) {
            scales.set(Packer.SHORT, 2L * (16 * record + lane), from.get(Packer.SHORT, at));
            for (int step = 0; step < 8; step++) {
                quants.set(Packer.INT, 512L * record + 64 * step + 4 * lane,
                        from.get(Packer.INT, at + 2 + 4 * step) ^ 0x80808080);
            }
        }
    }

    /// Packs Q4_0, whose blocks are an f16 scale and 16 bytes that hold elements i and i + 16, the panel's own order.
    private void packNibbles(MemorySegment from, long at, int records, int lane) {
        for (int record = 0; record < records; record++, at += 18) {
            scales.set(Packer.SHORT, 2L * (16 * record + lane), from.get(Packer.SHORT, at));
            for (int step = 0; step < 4; step++) {
                quants.set(Packer.INT, 256L * record + 64 * step + 4 * lane, from.get(Packer.INT, at + 2 + 4 * step));
            }
        }
    }

    private void packRecord(StoredBlock stored, TensorType type, MemorySegment from, long at, int record, int lane) {
        long to = (long) record * form.recordBytes();
        for (int block = 0; block < form.span; block++) {
            stored.read(type, from, at, block);
            packPlane(stored.codes, 0, form.low, to + 64L * form.low * block, lane);
            if (form.high > 0) {
                packPlane(stored.codes, form.low, form.high, to + form.highPlane() + 64L * form.high * block, lane);
            }
            packFactors(stored, to, block, lane);
        }
        long scale = 16L * record + lane;
        if (form.scaleBytes() == 1) {
            scales.set(JAVA_BYTE, scale, (byte) stored.scale);
        } else {
            scales.set(Packer.SHORT, 2 * scale, stored.scale);
        }
        if (form.minimums) {
            minimums.set(Packer.SHORT, 2 * scale, stored.minimum);
        }
    }

    /// Writes `bits` bits of 32 codes, from bit `first` of each on.
    private void packPlane(int[] codes, int first, int bits, long to, int lane) {
        int mask = (1 << bits) - 1;
        for (int register = 0; register < bits; register++) {
            int word = 0;
            for (int bit = 0; bit < 8; bit += bits) {
                int step = register + bit;
                for (int i = 0; i < 4; i++) {
                    word |= (codes[4 * step + i] >> first & mask) << 8 * i + bit;
                }
            }
            quants.set(Packer.INT, to + 64L * register + 4 * lane, word);
        }
    }

    private void packFactors(StoredBlock stored, long record, int block, int lane) {
        for (int group = 0; group < 32 / form.group; group++) {
            long scale = record + form.factors(block, group, 0) + lane;
            switch (form.scale) {
                case HALF, POWER -> { }
                case FACTOR -> {
                    quants.set(JAVA_BYTE, scale, (byte) stored.factors[group]);
                    if (form.minimums) {
                        quants.set(JAVA_BYTE, record + form.factors(block, group, 1) + lane,
                                (byte) stored.minimumFactors[group]);
                    }
                }
                case NIBBLE -> quants.set(JAVA_BYTE, scale,
                        (byte) (stored.factors[group] | stored.minimumFactors[group] << 4));
            }
        }
    }
}
