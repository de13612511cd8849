package dev.flover.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;

/// Writes stored rows to the memory of panels, in the layout that `packed.h` describes. Used by one thread.
final class PanelWriter {
    private static final int LANES = StoredBlocks.LANES;

    private final TensorType type;
    private final BlockForm form;
    private final StoredBlocks stored;
    private final int[] numbers;

    PanelWriter(TensorType type) {
        this.type = type;
        form = StoredBlocks.formOf(type);
        stored = new StoredBlocks(type);
        numbers = new int[form.recordBytes() / Integer.BYTES];
    }

    /// Up to sixteen stored rows, which become the outputs (lanes) of a panel.
    interface Rows {
        int count();

        MemorySegment segment(int lane);

        /// Where the row's first block begins in its segment, in bytes.
        long offset(int lane);
    }

    /// Packs rows, one stored block a record. Lanes without a row become zeros.
    ///
    /// @param quants   `[records]`, zeros before
    /// @param scales   `[records][16]`
    /// @param minimums the same, or no memory
    void pack(Rows rows, int records, MemorySegment quants, MemorySegment scales, MemorySegment minimums) {
        switch (type) {
            case Q8_0 -> packBytes(rows, records, quants, scales);
            case Q4_0 -> packNibbles(rows, records, quants, scales);
            default -> {
                stored.clear();
                for (int first = 0; first < records; first += stored.most) {
                    int count = Math.min(stored.most, records - first);
                    for (int lane = 0; lane < rows.count(); lane++) {
                        stored.stage(rows.segment(lane), rows.offset(lane) + (long) first * type.blockBytes(), count,
                                lane);
                    }
                    for (int i = 0; i < count; i++) {
                        packRecord(i, first + i, quants, scales, minimums);
                    }
                }
            }
        }
    }

    /// Packs Q8_0, whose blocks are an f16 scale and 32 signed bytes.
    private static void packBytes(Rows rows, int records, MemorySegment quants, MemorySegment scales) {
        for (int lane = 0; lane < rows.count(); lane++) {
            var from = rows.segment(lane);
            long at = rows.offset(lane);
            for (int record = 0; record < records; record++, at += 34) {
                scales.set(Packer.SHORT, 2L * (16 * record + lane), from.get(Packer.SHORT, at));
                for (int step = 0; step < 8; step++) {
                    quants.set(Packer.INT, 512L * record + 64 * step + 4 * lane,
                            from.get(Packer.INT, at + 2 + 4 * step) ^ 0x80808080);
                }
            }
        }
    }

    /// Packs Q4_0, whose blocks are an f16 scale and 16 bytes that hold elements i and i + 16, the panel's own order.
    private static void packNibbles(Rows rows, int records, MemorySegment quants, MemorySegment scales) {
        for (int lane = 0; lane < rows.count(); lane++) {
            var from = rows.segment(lane);
            long at = rows.offset(lane);
            for (int record = 0; record < records; record++, at += 18) {
                scales.set(Packer.SHORT, 2L * (16 * record + lane), from.get(Packer.SHORT, at));
                for (int step = 0; step < 4; step++) {
                    quants.set(Packer.INT, 256L * record + 64 * step + 4 * lane,
                            from.get(Packer.INT, at + 2 + 4 * step));
                }
            }
        }
    }

    private void packRecord(int index, int record, MemorySegment quants, MemorySegment scales, MemorySegment minimums) {
        stored.takeApart(index, numbers);
        MemorySegment.copy(numbers, 0, quants, Packer.INT, (long) record * form.recordBytes(), numbers.length);
        packScales(record, scales, minimums);
    }

    private void packScales(int record, MemorySegment scales, MemorySegment minimums) {
        long to = (long) LANES * form.scaleBytes() * record;
        if (form.scaleBytes() == 1) {
            for (int lane = 0; lane < LANES; lane++) {
                scales.set(JAVA_BYTE, to + lane, (byte) stored.scales[lane]);
            }
        } else {
            MemorySegment.copy(stored.scales, 0, scales, Packer.SHORT, to, LANES);
        }
        if (form.minimums) {
            MemorySegment.copy(stored.minimums, 0, minimums, Packer.SHORT, to, LANES);
        }
    }
}
