package dev.flover.engine.backend.cuda.weights;

import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/// Copies a matrix to the device in the layout of `weight.cuh`, up to 64 MiB at a time, whose tiles are packed in
/// parallel.
public final class WeightPacker {
    private static final long STAGING_BYTES = 64L << 20;

    private final Driver driver;
    private final Matrix matrix;
    private final WeightShape shape;
    private final StoredTensor[] tensors;
    private final int[] tensorRows;

    private WeightPacker(Driver driver, Matrix matrix) {
        this.driver = driver;
        this.matrix = matrix;
        shape = shape(matrix);
        tensors = new StoredTensor[shape.outputs()];
        tensorRows = new int[shape.outputs()];
        int output = 0;
        for (var range : matrix.ranges()) {
            for (int i = 0; i < range.rows(); i++) {
                tensors[output] = range.tensor();
                tensorRows[output++] = range.firstRow() + i;
            }
        }
    }

    public static CudaWeight upload(Driver driver, Matrix matrix) {
        return new WeightPacker(driver, matrix).upload();
    }

    /// The shape that a matrix will have on the device.
    public static WeightShape shape(Matrix matrix) {
        return new WeightShape(storage(matrix), matrix.outputs(), matrix.inputs(), matrix.kShards());
    }

    /// The storage that can hold all of the matrix's tensors; F16 if their storages differ.
    static Storage storage(Matrix matrix) {
        boolean groupsFitShards = matrix.inputs() / matrix.kShards() % QuantisedGroup.COLUMNS == 0;
        var storages = matrix.ranges().stream()
                .map(range -> Storage.of(range.tensor().type(), groupsFitShards))
                .distinct()
                .toList();
        return storages.size() == 1 ? storages.getFirst() : Storage.F16;
    }

    private CudaWeight upload() {
        long values = driver.allocate(shape.valueBytes(), "weights");
        long scales = shape.scaleBytes() == 0 ? 0 : driver.allocate(shape.scaleBytes(), "scales of weights");
        try (var arena = Arena.ofShared()) {
            if (shape.storage() == Storage.F32) {
                uploadRows(arena, values);
            } else {
                uploadTiles(arena, values, scales);
            }
        }
        return new CudaWeight(matrix.role(), shape, values, scales);
    }

    private void uploadRows(Arena arena, long values) {
        long rowBytes = 4L * shape.inputs();
        int rows = Math.clamp(STAGING_BYTES / rowBytes, 1, shape.outputs());
        var staging = arena.allocate(rows * rowBytes);
        for (int first = 0; first < shape.outputs(); first += rows) {
            int from = first;
            int count = Math.min(rows, shape.outputs() - first);
            IntStream.range(0, count).parallel().forEach(i -> MemorySegment.copy(
                    floats(from + i), 0, staging, ValueLayout.JAVA_FLOAT, i * rowBytes, shape.inputs()));
            driver.upload(values + first * rowBytes, staging.asSlice(0, count * rowBytes));
        }
    }

    private void uploadTiles(Arena arena, long values, long scales) {
        long tileBytes = shape.tileBytes();
        long tileScaleBytes = shape.tileScaleBytes();
        int tiles = Math.clamp(STAGING_BYTES / tileBytes, 1, shape.tiles());
        var staging = arena.allocate(tiles * tileBytes);
        var stagedScales = arena.allocate(Math.max(1, tiles * tileScaleBytes));
        for (int first = 0; first < shape.tiles(); first += tiles) {
            int from = first;
            int count = Math.min(tiles, shape.tiles() - first);
            IntStream.range(0, count).parallel().forEach(i -> packTile(from + i,
                    staging.asSlice(i * tileBytes, tileBytes),
                    stagedScales.asSlice(i * tileScaleBytes, tileScaleBytes)));
            driver.upload(values + first * tileBytes, staging.asSlice(0, count * tileBytes));
            if (tileScaleBytes > 0) {
                driver.upload(scales + first * tileScaleBytes, stagedScales.asSlice(0, count * tileScaleBytes));
            }
        }
    }

    private void packTile(int tile, MemorySegment values, MemorySegment scales) {
        values.fill((byte) 0);
        scales.fill((byte) 0);
        for (int row = 0; row < WeightShape.TILE_OUTPUTS; row++) {
            int output = tile * WeightShape.TILE_OUTPUTS + row;
            if (output >= shape.outputs()) {
                return;
            }
            switch (shape.storage()) {
                case F16, BF16 -> packHalves(row, floats(output), values);
                case Q8, Q4 -> packGroups(row, output, values, scales);
                case F32 -> throw new AssertionError("f32 matrices are not packed into tiles");
            }
        }
    }

    private void packHalves(int row, float[] from, MemorySegment to) {
        for (int input = 0; input < from.length; input++) {
            int column = paddedColumn(input);
            long half = column / 32;
            long at = ((half * 2 + step(column)) * 32 + lane(row, column)) * 8 + slot(row, column);
            to.setAtIndex(ValueLayout.JAVA_SHORT, at, shape.storage() == Storage.F16
                    ? Float.floatToFloat16(from[input])
                    : bfloat(from[input]));
        }
    }

    private void packGroups(int row, int output, MemorySegment values, MemorySegment scales) {
        var group = new QuantisedGroup();
        for (int first = 0; first < shape.inputs(); first += QuantisedGroup.COLUMNS) {
            group.read(tensors[output], tensorRows[output], (matrix.firstInput() + first) / QuantisedGroup.COLUMNS);
            int column = paddedColumn(first);
            int half = column / 32;
            long at = ((long) (half / 2) * 8 + row % 8) * 4 + row / 8 * 2 + half % 2;
            if (shape.storage() == Storage.Q8) {
                scales.setAtIndex(ValueLayout.JAVA_SHORT, at, group.scale());
                packBytes(row, half, group, values);
            } else {
                scales.setAtIndex(ValueLayout.JAVA_SHORT, 2 * at, group.scale());
                scales.setAtIndex(ValueLayout.JAVA_SHORT, 2 * at + 1, group.offset());
                packNibbles(row, half, group, values);
            }
        }
    }

    private static void packBytes(int row, int half, QuantisedGroup group, MemorySegment to) {
        for (int column = 0; column < QuantisedGroup.COLUMNS; column++) {
            long at = ((long) half * 32 + lane(row, column)) * 16 + step(column) * 8L + slot(row, column);
            to.set(ValueLayout.JAVA_BYTE, at, (byte) (group.value(column) + 128));
        }
    }

    private static void packNibbles(int row, int half, QuantisedGroup group, MemorySegment to) {
        for (int column = 0; column < QuantisedGroup.COLUMNS; column++) {
            long word = ((long) (half / 2) * 32 + lane(row, column)) * 4 + half % 2 * 2 + step(column);
            int slot = slot(row, column);
            int bits = to.getAtIndex(ValueLayout.JAVA_INT, word);
            to.setAtIndex(ValueLayout.JAVA_INT, word,
                    bits | group.value(column) << 4 * (slot / 2 + slot % 2 * 4));
        }
    }

    private int paddedColumn(int input) {
        int shard = input / shape.shardInputs();
        return shard * shape.shardChunks() * WeightShape.CHUNK + input % shape.shardInputs();
    }

    private static int lane(int row, int column) {
        return row % 8 * 4 + column % 32 / 8;
    }

    private static int step(int column) {
        return column % 8 / 4;
    }

    private static int slot(int row, int column) {
        return (column % 4 / 2 * 2 + row / 8) * 2 + column % 2;
    }

    private float[] floats(int output) {
        var row = new float[shape.inputs()];
        matrix.readRow(output, row);
        return row;
    }

    /// Rounds to the nearest bf16, ties to even.
    private static short bfloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? 0x7FC0 : bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }
}
