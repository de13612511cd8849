package dev.flover.engine.backend.reference;

import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.HostSlots;

/// Paged keys and values in double. A position's keys, head after head, are row `position % blockTokens` of its block.
final class ReferenceCache implements Cache {
    private final CacheShape shape;
    private final HostSlots slots;
    private final double[][][] keys;
    private final double[][][] values;

    ReferenceCache(CacheShape shape) {
        this.shape = shape;
        slots = new HostSlots(shape);
        keys = new double[shape.layers()][shape.blocks()][];
        values = new double[shape.layers()][shape.blocks()][];
    }

    @Override
    public CacheShape shape() {
        return shape;
    }

    @Override
    public long bytes() {
        return 2L * Double.BYTES * shape.layers() * shape.blocks() * shape.blockTokens() * width();
    }

    HostSlots slots() {
        return slots;
    }

    /// Stores the keys and values of one position: `width()` numbers each, from `keysAt` and `valuesAt` on.
    void append(int layer, int slot, int position, double[] source, int keysAt, int valuesAt) {
        int block = slots.blockTable(slot)[position / shape.blockTokens()];
        if (keys[layer][block] == null) {
            keys[layer][block] = new double[shape.blockTokens() * width()];
            values[layer][block] = new double[shape.blockTokens() * width()];
        }
        System.arraycopy(source, keysAt, keys[layer][block], offset(position), width());
        System.arraycopy(source, valuesAt, values[layer][block], offset(position), width());
    }

    void copyBlock(int from, int to) {
        for (int layer = 0; layer < shape.layers(); layer++) {
            boolean filled = keys[layer][from] != null;
            keys[layer][to] = filled ? keys[layer][from].clone() : null;
            values[layer][to] = filled ? values[layer][from].clone() : null;
        }
    }

    double[] keys(int layer, int slot, int position) {
        return keys[layer][slots.blockTable(slot)[position / shape.blockTokens()]];
    }

    double[] values(int layer, int slot, int position) {
        return values[layer][slots.blockTable(slot)[position / shape.blockTokens()]];
    }

    /// The index in a block at which a position's keys, or values, begin.
    int offset(int position) {
        return position % shape.blockTokens() * width();
    }

    private int width() {
        return shape.kvHeads() * shape.headDim();
    }
}
