package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.cpu.PackedWeight.BlockPart;
import dev.flover.engine.backend.cpu.PackedWeight.FloatPart;
import dev.flover.engine.backend.cpu.PackedWeight.Part;
import dev.flover.engine.backend.cpu.kernels.FloatForm;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.RowRange;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Re-orders stored weights into panels of sixteen outputs, on all workers.
final class Packer {
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Workers workers;
    private final SegmentAllocator memory;

    Packer(Workers workers, SegmentAllocator memory) {
        this.workers = workers;
        this.memory = memory;
    }

    PackedWeight pack(Matrix matrix) {
        var parts = new ArrayList<Part>();
        int firstOutput = 0;
        for (var ranges : rangesOfOneType(matrix)) {
            var rows = new StoredRows(matrix, ranges, firstOutput);
            parts.add(pack(rows, firstOutput, matrix.inputs(), matrix.kShards()));
            firstOutput += rows.count();
        }
        releasePages(matrix);
        return new PackedWeight(matrix, List.copyOf(parts));
    }

    /// Gives the mapped file's pages back to the system, so that a process does not hold a model twice while it loads.
    /// The system may keep them as its cache of the file.
    private static void releasePages(Matrix matrix) {
        for (var range : matrix.ranges()) {
            var tensor = range.tensor();
            var rows = tensor.data().asSlice(range.firstRow() * tensor.rowBytes(), range.rows() * tensor.rowBytes());
            if (rows.isMapped()) {
                rows.unload();
            }
        }
    }

    private static List<List<RowRange>> rangesOfOneType(Matrix matrix) {
        var groups = new ArrayList<List<RowRange>>();
        TensorType type = null;
        for (var range : matrix.ranges()) {
            if (range.tensor().type() != type) {
                groups.add(new ArrayList<>());
                type = range.tensor().type();
            }
            groups.getLast().add(range);
        }
        return groups;
    }

    private Part pack(StoredRows rows, int firstOutput, int inputs, int shards) {
        if (inputs / shards % 32 != 0) {
            // a shard may end within a block of 32, so weights are stored as floats
            return floats(rows, firstOutput, inputs, FloatForm.SINGLE);
        }
        return switch (rows.type()) {
            case F32 -> floats(rows, firstOutput, inputs, FloatForm.SINGLE);
            case F16 -> floats(rows, firstOutput, inputs, FloatForm.HALF);
            case BF16 -> floats(rows, firstOutput, inputs, FloatForm.BRAIN);
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4 ->
                blocks(rows, firstOutput, inputs);
        };
    }

    private FloatPart floats(StoredRows rows, int firstOutput, int inputs, FloatForm form) {
        int panels = (rows.count() + 15) / 16;
        long panelBytes = 16L * inputs * form.bytes;
        var weights = memory.allocate(panels * panelBytes);
        workers.run((panel, _) -> {
            var to = weights.asSlice(panel * panelBytes, panelBytes);
            var row = new float[form == FloatForm.SINGLE ? inputs : 0];
            for (int lane = 0; lane < 16 && 16 * panel + lane < rows.count(); lane++) {
                if (form == FloatForm.SINGLE) {
                    rows.read(16 * panel + lane, row);
                    for (int k = 0; k < inputs; k++) {
                        to.set(FLOAT, 4L * (16 * k + lane), row[k]);
                    }
                } else {
                    packShorts(rows.segment(16 * panel + lane), rows.offset(16 * panel + lane), inputs, to, lane);
                }
            }
        }, panels);
        return new FloatPart(firstOutput, rows.count(), form, weights.address(), weights.byteSize());
    }

    private static void packShorts(MemorySegment from, long at, int inputs, MemorySegment to, int lane) {
        for (int k = 0; k < inputs; k++) {
            to.set(SHORT, 2L * (16 * k + lane), from.get(SHORT, at + 2L * k));
        }
    }

    private BlockPart blocks(StoredRows rows, int firstOutput, int inputs) {
        var form = StoredBlocks.formOf(rows.type());
        int panels = (rows.count() + 15) / 16;
        int skipped = rows.firstPart();
        int records = Math.ceilDiv(skipped + inputs / 32, form.span);
        long quantBytes = (long) records * form.recordBytes();
        long scaleBytes = 16L * records * form.scaleBytes();
        var quants = memory.allocate(panels * quantBytes);
        var scales = memory.allocate(panels * scaleBytes);
        var minimums = form.minimums ? memory.allocate(panels * scaleBytes) : MemorySegment.NULL;
        var writers = new PanelWriter[workers.count()];
        Arrays.setAll(writers, _ -> new PanelWriter(rows.type()));
        workers.run((panel, worker) -> writers[worker].pack(rows.panel(panel), records,
                quants.asSlice(panel * quantBytes, quantBytes), scales.asSlice(panel * scaleBytes, scaleBytes),
                form.minimums ? minimums.asSlice(panel * scaleBytes, scaleBytes) : minimums), panels);
        return new BlockPart(firstOutput, rows.count(), form, skipped, quants, scales, minimums);
    }

    /// The rows of several ranges, one after another.
    private static final class StoredRows {
        private final StoredTensor[] tensors;
        private final int[] rows;
        private final Matrix matrix;
        private final int firstOutput;

        /// @param ranges      consecutive ranges of `matrix`
        /// @param firstOutput the output of the matrix that is the first row
        StoredRows(Matrix matrix, List<RowRange> ranges, int firstOutput) {
            this.matrix = matrix;
            this.firstOutput = firstOutput;
            int count = ranges.stream().mapToInt(RowRange::rows).sum();
            tensors = new StoredTensor[count];
            rows = new int[count];
            int at = 0;
            for (var range : ranges) {
                for (int row = 0; row < range.rows(); row++, at++) {
                    tensors[at] = range.tensor();
                    rows[at] = range.firstRow() + row;
                }
            }
        }

        TensorType type() {
            return tensors[0].type();
        }

        int count() {
            return rows.length;
        }

        MemorySegment segment(int row) {
            return tensors[row].data();
        }

        /// Where the stored block with the row's first input begins, in bytes.
        long offset(int row) {
            return rows[row] * tensors[row].rowBytes()
                    + (long) (matrix.firstInput() / type().blockElements()) * type().blockBytes();
        }

        /// Which 32 weights of that block are the first of the row.
        int firstPart() {
            return matrix.firstInput() % type().blockElements() / 32;
        }

        /// The rows of one panel.
        PanelWriter.Rows panel(int panel) {
            return new PanelRows(this, 16 * panel);
        }

        void read(int row, float[] out) {
            matrix.readRow(firstOutput + row, out);
        }
    }

    private record PanelRows(StoredRows all, int first) implements PanelWriter.Rows {
        @Override
        public int count() {
            return Math.min(16, all.count() - first);
        }

        @Override
        public MemorySegment segment(int lane) {
            return all.segment(first + lane);
        }

        @Override
        public long offset(int lane) {
            return all.offset(first + lane);
        }
    }
}
