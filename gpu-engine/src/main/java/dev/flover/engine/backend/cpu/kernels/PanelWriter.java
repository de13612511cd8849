package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Writes stored rows to the memory of a panel, in Java. Used by one thread.
@SuppressWarnings("restricted")
final class PanelWriter {
    private static final int LANES = StoredBlocks.LANES;
    /// The whole address space, so that an offset in it is an address.
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final TensorType type;
    private final BlockForm form;
    private final StoredBlocks stored;
    private final int[] numbers;

    PanelWriter(TensorType type) {
        this.type = type;
        form = BlockForm.of(type);
        stored = new StoredBlocks(type);
        numbers = new int[form.recordBytes() / Integer.BYTES];
    }

    /// As [Kernels#pack].
    void pack(long rows, int records, long quants, long scales, long minimums) {
        stored.clear();
        for (int first = 0; first < records; first += stored.most) {
            int count = Math.min(stored.most, records - first);
            for (int lane = 0; lane < LANES; lane++) {
                long row = MEMORY.get(ValueLayout.JAVA_LONG, rows + 8L * lane);
                if (row != 0) {
                    stored.stage(MEMORY, row + (long) first * type.blockBytes(), count, lane);
                }
            }
            for (int i = 0; i < count; i++) {
                packRecord(i, first + i, quants, scales, minimums);
            }
        }
    }

    private void packRecord(int index, int record, long quants, long scales, long minimums) {
        stored.takeApart(index, numbers);
        MemorySegment.copy(numbers, 0, MEMORY, INT, quants + (long) record * form.recordBytes(), numbers.length);
        long at = (long) LANES * form.scaleBytes() * record;
        if (form.scaleBytes() == 1) {
            for (int lane = 0; lane < LANES; lane++) {
                MEMORY.set(ValueLayout.JAVA_BYTE, scales + at + lane, (byte) stored.scales[lane]);
            }
        } else {
            MemorySegment.copy(stored.scales, 0, MEMORY, SHORT, scales + at, LANES);
        }
        if (form.minimums) {
            MemorySegment.copy(stored.minimums, 0, MEMORY, SHORT, minimums + at, LANES);
        }
    }
}
