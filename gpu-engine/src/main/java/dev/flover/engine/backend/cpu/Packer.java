package dev.flover.engine.backend.cpu;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.cpu.PackedWeight.BlockPart;
import dev.flover.engine.backend.cpu.PackedWeight.FloatPart;
import dev.flover.engine.backend.cpu.PackedWeight.Part;
import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.backend.cpu.kernels.FloatForm;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.RowRange;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Re-orders stored weights into panels of sixteen outputs, on all workers.
///
/// The packed weights of a matrix are one piece of memory, so that they can also be a part of a file.
final class Packer {
    /// The version of the packed form. It is a part of the names of files with packed weights, and must change when
    /// anything in the form changes: the layout of [BlockForm], the order of a matrix's parts, or how a type is packed.
    static final int VERSION = 3;

    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    /// Of the piece of memory, and of each array in it.
    static final long ALIGNMENT = 64;
    private static final long START_BYTES = 16 * Long.BYTES;
    /// The fewest tiles of a matrix for each worker, and the most panels of a tile.
    private static final int TILES_A_WORKER = 8;
    private static final int MOST_TOGETHER = 16;
    private static final int LEAST_BF16_BITS = Float.floatToRawIntBits(FloatForm.LEAST_BF16) >>> 16;
    /// The most bytes of a file that a thread reads at a time, if a panel has fewer: they stay in its L2 cache.
    private static final long READ_BYTES = 256 << 10;
    /// The rows of floats that a thread brings into memory at a time.
    private static final int ROWS_TOGETHER = 64;

    private final Workers workers;
    private final Kernels kernels;
    /// Where the rows of a panel begin, for each worker: sixteen addresses.
    private final MemorySegment starts;
    /// What each worker has read from a file.
    private final MemorySegment[] read;

    /// @param memory allocates memory that lives as long as this object
    Packer(Workers workers, Kernels kernels, SegmentAllocator memory) {
        this.workers = workers;
        this.kernels = kernels;
        starts = memory.allocate(START_BYTES * workers.count(), ALIGNMENT);
        read = new MemorySegment[workers.count()];
        Arrays.fill(read, MemorySegment.NULL);
    }

    /// Packs a matrix.
    ///
    /// @param memory allocates zeroed memory
    PackedWeight pack(Matrix matrix, SegmentAllocator memory) {
        return pack(matrix, memory.allocate(bytes(matrix), ALIGNMENT));
    }

    /// Packs a matrix into given memory.
    ///
    /// @param memory zeroed, [#bytes] bytes
    /// @throws EngineException if the model file was cut meanwhile, or cannot be read
    PackedWeight pack(Matrix matrix, MemorySegment memory) {
        var packed = place(matrix, memory);
        try {
            fill(packed, matrix);
        } catch (IllegalStateException e) {
            throw e.getCause() instanceof EngineException unreadable ? unreadable : e;
        }
        requireWhole(matrix);
        releasePages(matrix);
        return packed;
    }

    private void fill(PackedWeight packed, Matrix matrix) {
        var rowsOfParts = rowsOfParts(matrix);
        for (int i = 0; i < rowsOfParts.size(); i++) {
            var rows = rowsOfParts.get(i);
            switch (packed.parts().get(i)) {
                case BlockPart blocks -> fill(blocks, rows, matrix.inputs());
                case FloatPart floats -> {
                    bringIn(rows);
                    fill(floats, rows, matrix.inputs());
                }
            }
        }
    }

    private void bringIn(StoredRows rows) {
        workers.run((piece, _) -> rows.bringIn(ROWS_TOGETHER * piece, ROWS_TOGETHER * (piece + 1)),
                Math.ceilDiv(rows.count(), ROWS_TOGETHER));
    }

    /// Compares the lengths of the matrix's files with what they were. The last page of a file that was cut can be
    /// read, with zeros behind the file's end.
    private static void requireWhole(Matrix matrix) {
        matrix.ranges().stream().map(range -> range.tensor().file()).filter(Objects::nonNull).distinct()
                .flatMap(file -> file.problem().stream()).findFirst()
                .ifPresent(problem -> {
                    throw new EngineException(problem);
                });
    }

    /// The bytes of a packed matrix.
    static long bytes(Matrix matrix) {
        long bytes = 0;
        for (var rows : rowsOfParts(matrix)) {
            for (long array : arrays(rows, matrix)) {
                bytes += aligned(array);
            }
        }
        return bytes;
    }

    /// The packed matrix whose numbers a piece of memory holds, or will hold.
    ///
    /// @param memory of [#bytes] bytes
    static PackedWeight place(Matrix matrix, MemorySegment memory) {
        var parts = new ArrayList<Part>();
        int firstOutput = 0;
        long at = 0;
        for (var rows : rowsOfParts(matrix)) {
            var arrays = new ArrayList<MemorySegment>();
            for (long bytes : arrays(rows, matrix)) {
                arrays.add(memory.asSlice(at, bytes));
                at += aligned(bytes);
            }
            parts.add(part(rows, firstOutput, matrix, arrays));
            firstOutput += rows.count();
        }
        return new PackedWeight(matrix, List.copyOf(parts));
    }

    private static Part part(StoredRows rows, int firstOutput, Matrix matrix, List<MemorySegment> arrays) {
        var form = blockForm(rows, matrix);
        return form == null
                ? new FloatPart(firstOutput, rows.count(), floatForm(rows, matrix), arrays.getFirst())
                : new BlockPart(firstOutput, rows.count(), form, rows.firstPart(), arrays.get(0), arrays.get(1),
                        form.minimums ? arrays.get(2) : MemorySegment.NULL);
    }

    /// The bytes of a part's arrays: weights; or quants, scales and, in a form that has them, minimums.
    private static long[] arrays(StoredRows rows, Matrix matrix) {
        var form = blockForm(rows, matrix);
        long panels = (rows.count() + 15) / 16;
        if (form == null) {
            return new long[] {panels * 16 * matrix.inputs() * floatForm(rows, matrix).bytes};
        }
        long records = panels * records(rows.firstPart(), matrix.inputs(), form);
        long quants = records * form.recordBytes();
        long scales = 16 * records * form.scaleBytes();
        return form.minimums ? new long[] {quants, scales, scales} : new long[] {quants, scales};
    }

    private static int records(int skipped, int inputs, BlockForm form) {
        return Math.ceilDiv(skipped + inputs / 32, form.span);
    }

    private static long aligned(long bytes) {
        return bytes + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /// The form of the blocks; null where weights are stored as floats.
    private static @Nullable BlockForm blockForm(StoredRows rows, Matrix matrix) {
        // a shard may end within a block of 32
        boolean inBlocks = rows.type().blockElements() > 1 && matrix.inputs() / matrix.kShards() % 32 == 0;
        return inBlocks ? BlockForm.of(rows.type()) : null;
    }

    private static FloatForm floatForm(StoredRows rows, Matrix matrix) {
        if (matrix.inputs() / matrix.kShards() % 32 != 0) {
            return FloatForm.SINGLE;
        }
        return switch (rows.type()) {
            case F16 -> FloatForm.HALF;
            case BF16 -> FloatForm.BF16;
            default -> FloatForm.SINGLE;
        };
    }

    /// The rows of each part: consecutive ranges of one type.
    private static List<StoredRows> rowsOfParts(Matrix matrix) {
        var parts = new ArrayList<StoredRows>();
        int firstOutput = 0;
        for (var ranges : rangesOfOneType(matrix)) {
            parts.add(new StoredRows(matrix, ranges, firstOutput));
            firstOutput += parts.getLast().count();
        }
        return parts;
    }

    /// Gives the mapped file's pages back to the system, so that a process does not hold a model twice while it loads.
    /// The system may keep them as its cache of the file.
    static void releasePages(Matrix matrix) {
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

    private void fill(FloatPart part, StoredRows rows, int inputs) {
        long panelBytes = 16L * inputs * part.form().bytes;
        workers.run((panel, _) -> {
            var to = part.weights().asSlice(panel * panelBytes, panelBytes);
            var row = new float[part.form() == FloatForm.SINGLE ? inputs : 0];
            for (int lane = 0; lane < 16 && 16 * panel + lane < rows.count(); lane++) {
                int index = 16 * panel + lane;
                switch (part.form()) {
                    case SINGLE -> {
                        rows.read(index, row);
                        for (int k = 0; k < inputs; k++) {
                            to.set(FLOAT, 4L * (16 * k + lane), row[k]);
                        }
                    }
                    case HALF -> packHalves(rows.segment(index), rows.offset(index), inputs, to, lane);
                    case BF16 -> packBf16(rows.segment(index), rows.offset(index), inputs, to, lane);
                }
            }
        }, part.panels());
    }

    private static void packHalves(MemorySegment from, long at, int inputs, MemorySegment to, int lane) {
        for (int k = 0; k < inputs; k++) {
            to.set(SHORT, 2L * (16 * k + lane), from.get(SHORT, at + 2L * k));
        }
    }

    /// Packs numbers of bf16 in words of two.
    private static void packBf16(MemorySegment from, long at, int inputs, MemorySegment to, int lane) {
        for (int k = 0; k < inputs; k += 2) {
            int word = from.get(INT, at + 2L * k);
            to.set(INT, 4L * (8 * k + lane), bf16(word & 0xFFFF) | bf16(word >>> 16) << 16);
        }
    }

    /// A number of bf16 as products take it.
    private static int bf16(int bits) {
        return (bits & 0x7FFF) < LEAST_BF16_BITS ? 0 : bits;
    }

    private void fill(BlockPart part, StoredRows rows, int inputs) {
        int records = records(part.skipped(), inputs, part.form());
        long quantBytes = (long) records * part.form().recordBytes();
        long scaleBytes = 16L * records * part.form().scaleBytes();
        long rowBytes = (long) records * rows.type().blockBytes();
        // consecutive panels, of which the kernel fetches the next
        int together = Math.clamp(part.panels() / (TILES_A_WORKER * workers.count()), 1,
                Math.clamp(READ_BYTES / (16 * rowBytes), 1, MOST_TOGETHER));
        workers.run((tile, worker) -> {
            var starts = this.starts.asSlice(worker * START_BYTES, START_BYTES);
            int first = 16 * together * tile;
            var bytes = read(worker, 16 * together * rowBytes);
            rows.read(first, 16 * together, rowBytes, bytes);
            for (int panel = tile * together; panel < Math.min(part.panels(), (tile + 1) * together); panel++) {
                for (int lane = 0; lane < 16; lane++) {
                    int row = 16 * panel + lane;
                    starts.setAtIndex(ValueLayout.JAVA_LONG, lane, row >= rows.count() ? 0
                            : rows.isOfFile(row) ? bytes.address() + (row - first) * rowBytes
                                    : rows.segment(row).address() + rows.offset(row));
                }
                kernels.pack(rows.type(), starts.address(), records, part.quants().address() + panel * quantBytes,
                        part.scales().address() + panel * scaleBytes,
                        part.form().minimums ? part.minimums().address() + panel * scaleBytes : 0);
            }
        }, Math.ceilDiv(part.panels(), together));
    }

    /// Memory of a worker, for at least this number of bytes.
    private MemorySegment read(int worker, long bytes) {
        if (read[worker].byteSize() < bytes) {
            read[worker] = Arena.ofAuto().allocate(bytes, ALIGNMENT);
        }
        return read[worker];
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

        /// Brings the file's pages with rows `first` to `end - 1` into memory, as far as there are so many.
        ///
        /// @throws EngineException if the system cannot read them
        void bringIn(int first, int end) {
            int last = Math.min(end, rows.length);
            for (int row = first; row < last;) {
                int next = row + 1;
                while (next < last && tensors[next] == tensors[row] && rows[next] == rows[next - 1] + 1) {
                    next++;
                }
                FilePages.read(tensors[row], rows[row], next - row);
                row = next;
            }
        }

        /// Whether the row is read from a file, and not from memory.
        boolean isOfFile(int row) {
            return tensors[row].file() != null;
        }

        /// Reads those of some rows that are parts of files; does nothing with others.
        ///
        /// @param most     of rows from `first` on, as far as there are so many
        /// @param rowBytes of each row, from its first input on
        /// @param to       [most, rowBytes]
        /// @throws EngineException if the system cannot read them
        void read(int first, int most, long rowBytes, MemorySegment to) {
            int last = Math.min(first + most, rows.length);
            for (int row = first; row < last;) {
                var tensor = tensors[row];
                int next = row + 1;
                while (rowBytes == tensor.rowBytes() && next < last && tensors[next] == tensor
                        && rows[next] == rows[next - 1] + 1) {
                    next++;
                }
                if (tensor.file() != null) {
                    try {
                        tensor.file().read(tensor, offset(row),
                                to.asSlice((row - first) * rowBytes, (next - row) * rowBytes).asByteBuffer());
                    } catch (IOException e) {
                        throw new EngineException(e.getMessage(), e);
                    }
                }
                row = next;
            }
        }

        void read(int row, float[] out) {
            matrix.readRow(firstOutput + row, out);
        }
    }
}
