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
    public static int blocksThatFit(CacheShape shape, int elementBytes) {
        return blocksThatFit(shape, elementBytes, machineBytes());
    }

    /// The number of KV blocks that fit into a quarter of the machine's memory, at least 1.
    ///
    /// @param blockBytes bytes of a block in all layers together
    public static int blocksThatFit(long blockBytes) {
        return blocksThatFit(blockBytes, machineBytes());
    }

    static int blocksThatFit(CacheShape shape, int elementBytes, long machineBytes) {
        return blocksThatFit(
                (long) elementBytes * shape.layers() * shape.positionWidth() * shape.blockTokens(), machineBytes);
    }

    private static int blocksThatFit(long blockBytes, long machineBytes) {
        return Math.clamp(machineBytes / SHARE / blockBytes, 1, Integer.MAX_VALUE);
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
