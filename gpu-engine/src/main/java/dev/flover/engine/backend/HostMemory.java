package dev.flover.engine.backend;

import com.sun.management.OperatingSystemMXBean;
import dev.flover.engine.backend.Backend.CacheShape;
import java.lang.management.ManagementFactory;

/// The memory that host backends share with everyone else on the machine.
public final class HostMemory {
    /// Of the machine's memory, for a KV cache.
    private static final int SHARE = 4;

    private HostMemory() {}

    /// How many blocks of keys and values may be there, at least 1: a machine of little memory still serves something.
    ///
    /// @param elementBytes of a number in them
    public static int blocksThatFit(CacheShape shape, int elementBytes) {
        return blocksThatFit(shape, elementBytes, machineBytes());
    }

    static int blocksThatFit(CacheShape shape, int elementBytes, long machineBytes) {
        long blockBytes = 2L * elementBytes * shape.layers() * shape.kvHeads() * shape.headDim() * shape.blockTokens();
        return Math.clamp(machineBytes / SHARE / blockBytes, 1, Integer.MAX_VALUE);
    }

    private static long machineBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }
}
