package dev.flover.engine.backend.reference;

import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.HostSlots;

/// Paged keys and values in double. A position's keys, head after head, are row `position % blockTokens` of its block.
/// Latent vectors are stored once, as the last numbers of keys.
final class ReferenceCache implements Cache {
    private final CacheShape shape;
    private final HostSlots slots;
    private final double[][][] keys;
    private final double[][][] values;

    ReferenceCache(CacheShape shape) {
        this.shape = shape;
        slots = new HostSlots(shape);
        keys = new double[shape.layers()][][];
        values = new double[shape.layers()][][];
        for (int layer = 0; layer < shape.layers(); layer++) {
            keys[layer] = new double[shape.blocks(shape.table(layer))][];
            values[layer] = new double[shape.blocks(shape.table(layer))][];
        }
    }

    @Override
    public CacheShape shape() {
        return shape;
    }

    @Override
    public long bytes() {
        return Double.BYTES * shape.layerBlocks() * shape.blockTokens() * shape.positionWidth();
    }

    HostSlots slots() {
        return slots;
    }

    /// Stores the keys and values of one position: `width()` numbers each, from `keysAt` and `valuesAt` on.
    void append(int layer, int slot, int position, double[] source, int keysAt, int valuesAt) {
        int block = block(layer, slot, position);
        if (keys[layer][block] == null) {
            keys[layer][block] = new double[shape.blockTokens() * width()];
            values[layer][block] = shape.latent() == 0 ? new double[shape.blockTokens() * width()] : keys[layer][block];
        }
        System.arraycopy(source, keysAt, keys[layer][block], offset(position), width());
        if (shape.latent() == 0) {
            System.arraycopy(source, valuesAt, values[layer][block], offset(position), width());
        }
    }

    void copyBlock(int from, int to) {
        assert shape.tables() == 1;
        for (int layer = 0; layer < shape.layers(); layer++) {
            boolean filled = keys[layer][from] != null;
            keys[layer][to] = filled ? keys[layer][from].clone() : null;
            values[layer][to] = !filled ? null
                    : shape.latent() == 0 ? values[layer][from].clone() : keys[layer][to];
        }
    }

    double[] keys(int layer, int slot, int position) {
        return keys[layer][block(layer, slot, position)];
    }

    double[] values(int layer, int slot, int position) {
        return values[layer][block(layer, slot, position)];
    }

    private int block(int layer, int slot, int position) {
        return slots.block(shape.table(layer), slot, position / shape.blockTokens());
    }

    /// The index in a block at which the key of a position's head begins.
    int keyAt(int position, int kvHead) {
        return offset(position) + kvHead * shape.headDim();
    }

    /// The index in a block at which the value of a position's head begins.
    int valueAt(int position, int kvHead) {
        return keyAt(position, kvHead) + shape.headDim() - shape.valueDim();
    }

    /// The index in a block at which a position's keys, or values, begin.
    private int offset(int position) {
        return position % shape.blockTokens() * width();
    }

    private int width() {
        return shape.kvHeads() * shape.headDim();
    }
}
