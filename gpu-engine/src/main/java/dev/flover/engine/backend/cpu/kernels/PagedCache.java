package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.HostSlots;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/// The keys and values of all layers, in the layouts of `append.c`, and the state of every slot.
///
/// Memory is a table of cells, each for a block of one layer: a row for each layer of a slab, a column for each slab.
/// Kernels find a block of a layer by its number, counted in cells from the first cell of the layer. So [#slots] has
/// the number of a cell in place of a block's number in the plan:
///
/// ```
///             slab 0   slab 1   slab 2
///   row 0     A  0     A  1     B  2        A: the first of two layers of the first table, three of whose blocks
///   row 1     a  0     a  1     C  2           are in a slab; a: the second layer
///   row 2     A  6     A  7     D  2
///   row 3     a  6     a  7     E  2        B to F: the layers of the second table, whose blocks fill a slab
///   row 4     A 12     A 13     F  2
///   row 5     a 12     a 13     -
/// ```
public final class PagedCache implements Backend.Cache {
    /// Positions whose softmax is computed together (a split). Splits are aligned to position 0.
    static final int SPLIT = 64;

    private final Backend.CacheShape shape;
    public final CacheForm form;
    private final MemorySegment keys;
    private final MemorySegment values;
    private final long keyBlockBytes;
    private final long valueBlockBytes;
    private final int slabs;
    /// By block table: the number of blocks in a slab.
    private final int[] perSlab;
    /// By layer: the block table that it reads, and the number of cells before its first one.
    private final int[] tables;
    private final long[] firstBlocks;
    public final HostSlots slots;

    public PagedCache(Backend.CacheShape shape, CacheForm form, SegmentAllocator memory) {
        this.shape = shape;
        this.form = form;
        keyBlockBytes = keyBytes(shape, form);
        valueBlockBytes = valueBytes(shape, form);
        long blocks = shape.layerBlocks();
        keys = memory.allocate(keyBlockBytes * blocks + 64);
        values = shape.latent() > 0 ? MemorySegment.NULL : memory.allocate(valueBlockBytes * blocks + 64);
        slabs = shape.slabs();
        perSlab = new int[] {shape.slab().blocks(0), shape.slab().blocks(1)};
        slots = new HostSlots(shape, this::cell, memory);
        tables = new int[shape.layers()];
        firstBlocks = new long[shape.layers()];
        long[] cells = {0, 0};
        for (int layer = 0; layer < tables.length; layer++) {
            tables[layer] = shape.table(layer);
            firstBlocks[layer] = cells[tables[layer]];
            cells[tables[layer]] += slabs;
        }
    }

    /// Bytes of one block in one layer.
    public static long layerBytes(Backend.CacheShape shape, CacheForm form) {
        return keyBytes(shape, form) + valueBytes(shape, form);
    }

    private static long keyBytes(Backend.CacheShape shape, CacheForm form) {
        return shape.kvHeads() * form.headBytes(shape.blockTokens(), shape.headDim());
    }

    private static long valueBytes(Backend.CacheShape shape, CacheForm form) {
        return shape.latent() > 0 ? 0
                : shape.kvHeads() * form.headBytes(shape.blockTokens(), Kernels.padded(shape.headDim()));
    }

    public static PagedCache of(Backend.Cache cache) {
        return (PagedCache) cache;
    }

    @Override
    public Backend.CacheShape shape() {
        return shape;
    }

    @Override
    public long bytes() {
        return keys.byteSize() + values.byteSize();
    }

    public void copyBlock(int from, int to) {
        assert shape.tables() == 1;
        for (int layer = 0; layer < shape.layers(); layer++) {
            copy(keys, keyBlockBytes, layer, from, to);
            if (valueBlockBytes > 0) {
                copy(values, valueBlockBytes, layer, from, to);
            }
        }
    }

    private void copy(MemorySegment memory, long blockBytes, int layer, int from, int to) {
        long first = firstBlocks[layer];
        MemorySegment.copy(memory, blockBytes * (first + from), memory, blockBytes * (first + to), blockBytes);
    }

    /// The number of a block's cells, counted from the first cell of each layer.
    private int cell(int table, int block) {
        int several = perSlab[table];
        return several == 1 ? block
                : Math.addExact(Math.multiplyExact(block % several, shape.layers(table) * slabs), block / several);
    }

    /// As [Backend.CacheShape#table].
    public int table(int layer) {
        return tables[layer];
    }

    /// The address of a block's keys in one layer, where `block` is a number of [HostSlots#blockTable].
    public long keys(int layer, int block) {
        return keys.address() + keyBlockBytes * (firstBlocks[layer] + block);
    }

    /// The address of a block's values in one layer; 0 if values are a part of the keys.
    public long values(int layer, int block) {
        return values.address() + valueBlockBytes * (firstBlocks[layer] + block);
    }
}
