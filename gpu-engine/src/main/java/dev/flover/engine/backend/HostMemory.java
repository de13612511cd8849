package dev.flover.engine.backend;

import com.sun.management.OperatingSystemMXBean;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.sharding.ShardMemory;
import java.lang.management.ManagementFactory;

/// Computes how much of the machine's memory, which other processes use too, a host backend takes for its KV cache.
public final class HostMemory {
    /// The divisor of the machine's memory; the quotient is the memory of the KV cache.
    private static final int SHARE = 4;

    private HostMemory() {}

    /// The number of KV blocks that fit into a quarter of the machine's memory. At least 1, so that a machine with
    /// little memory can still serve short requests.
    ///
    /// @param elementBytes bytes of one number in the cache
    /// @param sharing      the number of equal caches that share this memory
    public static int blocksThatFit(CacheShape shape, int elementBytes, int sharing) {
        return blocksThatFit(shape, elementBytes, sharing, machineBytes());
    }

    /// The number of KV blocks that fit into a quarter of the machine's memory, at least 1.
    ///
    /// @param layerBytes bytes of a block in one layer
    /// @param sharing    the number of equal caches that share this memory
    public static int blocksOfBytes(CacheShape shape, long layerBytes, int sharing) {
        return blocksOfBytes(shape, layerBytes, sharing, machineBytes());
    }

    static int blocksThatFit(CacheShape shape, int elementBytes, int sharing, long machineBytes) {
        long layerBytes = (long) elementBytes * shape.positionWidth() * shape.blockTokens();
        return blocksOfBytes(shape, layerBytes, sharing, machineBytes);
    }

    private static int blocksOfBytes(CacheShape shape, long layerBytes, int sharing, long machineBytes) {
        return Math.max(1, shape.blocksIn(machineBytes / SHARE / sharing, layerBytes));
    }

    /// The machine's memory as one that several engines share.
    ///
    /// @param engines the number of engines of this process on this host
    public static ShardMemory.Place place(int engines) {
        return new ShardMemory.Place(engines == 1 ? "the machine" : "each of " + engines + " engines on this machine",
                machineBytes() / engines);
    }

    private static long machineBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }
}
