package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.KernelNumbers;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Arguments.Struct;
import dev.flover.engine.backend.cuda.driver.CudaException;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.weights.Storage;
import java.util.Arrays;

/// Keys, values, block tables and sampling state on the device. A sequence's state lies in a *home*, which it keeps
/// from admission to its end. Slots are numbers of the host: moving a sequence to another slot changes which home the
/// slot stands for, and changes nothing on the device.
///
/// Where a model has two block tables for each slot, each table has blocks of its own, which hold its own layers only.
/// To kernels, the layers of one table look like a whole cache: they get the address of the table, the layers for which
/// one of its blocks has room, and a layer's place among the layers of the table.
final class CudaCache implements Cache {
    /// The padded head widths for which attention on tensor cores is compiled.
    private static final int[] WIDTHS = {32, 64, 96, 128, 256};

    private final CacheShape shape;
    private final Storage storage;
    private final int width;
    private final int mostBlocks;
    private final long blocks;
    private final long tables;
    /// By layer: what kernels get as `struct Cache` of cache.cuh, and the number by which they know the layer.
    private final Struct[] structs;
    private final int[] places;
    private final SamplingHomes sampling;
    private final int[] homes;

    CudaCache(Driver driver, CacheShape shape, Storage storage) {
        this.shape = shape;
        this.storage = storage;
        width = width(shape, storage);
        mostBlocks = Math.ceilDiv(shape.contextLength(), shape.blockTokens());
        long bytes = bytes();
        long free = driver.freeBytes();
        if (bytes > free) {
            throw new CudaException("cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY", shape.blocks() + " KV blocks take "
                    + (bytes >> 20) + " MiB and " + (free >> 20) + " MiB of the device are free; configure at most "
                    + shape.blocksIn(free, layerBytes(shape, storage)) + " blocks");
        }
        blocks = driver.allocate(bytes, "KV cache");
        driver.enqueueFill(blocks, (byte) 0, bytes);
        tables = driver.allocate(4L * shape.tables() * shape.slots() * mostBlocks, "block tables");
        structs = new Struct[shape.layers()];
        Arrays.setAll(structs, layer -> structOfTable(shape.table(layer)));
        places = new int[shape.layers()];
        Arrays.setAll(places, shape::placeInTable);
        sampling = new SamplingHomes(driver, shape);
        homes = new int[shape.slots()];
        for (int slot = 0; slot < homes.length; slot++) {
            homes[slot] = slot;
        }
        driver.synchronise();
    }

    /// Bytes of one block in one layer.
    static long layerBytes(CacheShape shape, Storage storage) {
        int element = storage == Storage.F32 ? 4 : 2;
        int parts = shape.latent() > 0 ? 1 : 2;
        return (long) parts * element * shape.kvHeads() * shape.blockTokens() * width(shape, storage);
    }

    /// Bytes of block tables and sampling state, which are allocated beside the blocks.
    static long stateBytes(CacheShape shape) {
        long entries = (long) shape.tables() * shape.slots()
                * Math.ceilDiv(shape.contextLength(), shape.blockTokens());
        return 4 * entries + SamplingHomes.bytes(shape);
    }

    /// The width of a head, padded to one of [#WIDTHS] where tensor cores compute attention.
    static int width(CacheShape shape, Storage storage) {
        if (storage == Storage.F32 || shape.latent() > 0) {
            return shape.headDim();
        }
        if (shape.blockTokens() < 8) {
            throw new IllegalArgumentException("the cuda backend needs KV blocks of at least 8 positions for 16-bit "
                    + "models, found " + shape.blockTokens());
        }
        for (int width : WIDTHS) {
            if (shape.headDim() <= width) {
                return width;
            }
        }
        throw new IllegalArgumentException("the cuda backend supports heads of up to "
                + WIDTHS[WIDTHS.length - 1] + " dimensions, the model's heads have " + shape.headDim());
    }

    /// Applies the plan's moves by swapping the homes of both slots, as the slot that is moved from is free afterwards.
    void move(StepPlan plan) {
        for (int i = 0; i < plan.moves(); i++) {
            int home = homes[plan.moveFrom[i]];
            homes[plan.moveFrom[i]] = homes[plan.moveTo[i]];
            homes[plan.moveTo[i]] = home;
        }
    }

    /// Copies a block in one piece, as its layers are adjacent.
    void copyBlock(Driver driver, int from, int to) {
        assert shape.tables() == 1;
        long bytes = shape.layers() * layerBytes(shape, storage);
        driver.enqueueCopy(blocks + bytes * to, blocks + bytes * from, bytes);
    }

    int home(int slot) {
        return homes[slot];
    }

    /// The row of [#tables] that is one of a slot's block tables.
    int tableRow(int table, int slot) {
        return table * homes.length + homes[slot];
    }

    @Override
    public CacheShape shape() {
        return shape;
    }

    @Override
    public long bytes() {
        return shape.layerBlocks() * layerBytes(shape, storage);
    }

    /// The format of keys and values: F32, F16 or BF16.
    Storage storage() {
        return storage;
    }

    int width() {
        return width;
    }

    int mostBlocks() {
        return mostBlocks;
    }

    /// The device address of the block tables: [tables][homes][mostBlocks].
    long tables() {
        return tables;
    }

    SamplingHomes sampling() {
        return sampling;
    }

    /// `struct Cache` of cache.cuh, of the block table that a layer reads.
    Struct structOf(int layer) {
        return structs[layer];
    }

    /// The number by which kernels know a layer: as [CacheShape#placeInTable].
    int placeOf(int layer) {
        return places[layer];
    }

    private Struct structOfTable(int table) {
        int layers = shape.slab().layers() / shape.slab().blocks(table);
        long entries = tables + 4L * table * shape.slots() * mostBlocks;
        return arguments -> arguments.pointer(blocks).pointer(entries)
                .integer(mostBlocks).integer(layers).integer(shape.kvHeads()).integer(shape.headDim())
                .integer(width).integer(shape.blockTokens())
                .integer(Integer.numberOfTrailingZeros(shape.blockTokens())).integer(shape.latent());
    }

    /// `struct HeadStore` of heads.cuh.
    ///
    /// @param turns device address of the table of cosines and sines, 0 for none
    Struct headStore(Heads heads, long turns) {
        var rotary = heads.rotary();
        return arguments -> arguments.struct(structOf(heads.layer())).pointer(turns)
                .integer(placeOf(heads.layer())).integer(shape.heads())
                .integer(rotary == null ? 0 : rotary.dims())
                .flag(rotary != null && KernelNumbers.isHalves(rotary.pairing()))
                .flag(storage == Storage.BF16).integer(0);
    }

    /// `struct HeadStore` of a product that stores no heads.
    static void writeNoHeadStore(Arguments arguments) {
        for (int i = 0; i < 10; i++) {
            arguments.wide(0);
        }
    }
}
