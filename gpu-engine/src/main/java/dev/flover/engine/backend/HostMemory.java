package dev.flover.engine.backend;

import com.sun.management.OperatingSystemMXBean;
import dev.flover.engine.backend.Backend.CacheShape;
import java.lang.management.ManagementFactory;

/// The memory that host backends share with everyone else on the machine.
final class HostMemory {
    /// Of the machine's memory, for a KV cache.
    private static final int SHARE = 4;

    private HostMemory() {}

    /// At least 1: a machine of little memory still serves something.
    static int blocksThatFit(CacheShape shape, long machineBytes) {
        long blockBytes = 2L * Float.BYTES * shape.layers() * shape.kvHeads() * shape.headDim() * shape.blockTokens();
        return Math.clamp(machineBytes / SHARE / blockBytes, 1, Integer.MAX_VALUE);
    }

    static long machineBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }
}
