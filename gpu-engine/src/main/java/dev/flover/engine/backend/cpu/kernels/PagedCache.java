package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.HostSlots;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/// The keys and values of all layers, in the layouts of `append.c`, and the state of every slot.
public final class PagedCache implements Backend.Cache {
    /// Positions whose softmax is computed together (a split). Splits are aligned to position 0.
    static final int SPLIT = 64;

    private final Backend.CacheShape shape;
    public final CacheForm form;
    private final MemorySegment keys;
    private final MemorySegment values;
    private final long keyBlockBytes;
    private final long valueBlockBytes;
    public final HostSlots slots;

    public PagedCache(Backend.CacheShape shape, CacheForm form, SegmentAllocator memory) {
        this.shape = shape;
        this.form = form;
        keyBlockBytes = keyBytes(shape, form);
        valueBlockBytes = valueBytes(shape, form);
        long blocks = (long) shape.layers() * shape.blocks();
        keys = memory.allocate(keyBlockBytes * blocks + 64);
        values = shape.latent() > 0 ? MemorySegment.NULL : memory.allocate(valueBlockBytes * blocks + 64);
        slots = new HostSlots(shape);
    }

    /// Bytes of one block in all layers.
    public static long blockBytes(Backend.CacheShape shape, CacheForm form) {
        return shape.layers() * (keyBytes(shape, form) + valueBytes(shape, form));
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
        for (int layer = 0; layer < shape.layers(); layer++) {
            copy(keys, keyBlockBytes, layer, from, to);
            if (valueBlockBytes > 0) {
                copy(values, valueBlockBytes, layer, from, to);
            }
        }
    }

    private void copy(MemorySegment memory, long blockBytes, int layer, int from, int to) {
        long first = (long) layer * shape.blocks();
        MemorySegment.copy(memory, blockBytes * (first + from), memory, blockBytes * (first + to), blockBytes);
    }

    /// The address of a block's keys in one layer.
    public long keys(int layer, int block) {
        return keys.address() + keyBlockBytes * ((long) layer * shape.blocks() + block);
    }

    /// The address of a block's values in one layer; 0 if values are a part of the keys.
    public long values(int layer, int block) {
        return values.address() + valueBlockBytes * ((long) layer * shape.blocks() + block);
    }
}
