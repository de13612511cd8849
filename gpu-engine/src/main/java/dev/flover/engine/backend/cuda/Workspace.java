package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import java.util.List;

/// Scratch that the verbs of a step share, as large as the weights and the cache need it. Allocated before the first
/// step that needs it and kept: serving allocates nothing.
final class Workspace {
    /// As many as fill any device with tiles.
    private static final int MOST_ROWS = 1 << 16;
    /// Splits of attention tiles that may be computed apart from each other in a step.
    static final int SPLITS = 1024;

    private final Driver driver;
    private final Part partials = new Part("partial products", false);
    private final Part productCounters = new Part("counters of products", true);
    private final Part splits = new Part("attention splits", false);
    private final Part splitCounters = new Part("counters of attention", true);
    private final Part tokenWeights = new Part("weights of tokens", false);
    private final Part sampleParts = new Part("parts of sampled rows", false);
    private final List<Part> parts =
            List.of(partials, productCounters, splits, splitCounters, tokenWeights, sampleParts);

    /// @param zeroed kernels find and leave it all zero
    private final class Part {
        final String purpose;
        final boolean zeroed;
        long wanted = 8;
        long allocated;
        long address;

        Part(String purpose, boolean zeroed) {
            this.purpose = purpose;
            this.zeroed = zeroed;
        }

        void atLeast(long bytes) {
            wanted = Math.max(wanted, bytes);
        }

        long missing() {
            return Math.max(0, wanted - allocated);
        }

        void allocate() {
            if (allocated < wanted) {
                if (allocated > 0) {
                    driver.synchronise();
                    driver.free(address);
                }
                address = driver.allocate(wanted, purpose);
                allocated = wanted;
                if (zeroed) {
                    driver.enqueueFill(address, (byte) 0, wanted);
                }
            }
        }
    }

    Workspace(Driver driver) {
        this.driver = driver;
    }

    /// Products with this weight will run.
    void sizeFor(WeightShape shape) {
        if (shape.storage() == Storage.F32) {
            return;
        }
        int rows = 1;
        for (; rows <= Tiling.SPREAD_ROWS; rows = RowBuckets.of(rows + 1)) {
            sizeFor(shape, rows);
        }
        sizeFor(shape, Math.max(rows, MOST_ROWS));
    }

    private void sizeFor(WeightShape shape, int rows) {
        sizeFor(Tiling.of(shape, rows, driver.properties().multiprocessors()));
    }

    void sizeFor(Tiling tiling) {
        partials.atLeast(tiling.scratchBytes());
        productCounters.atLeast(tiling.counterBytes());
    }

    /// Attention over a cache of this shape will run, and tokens will be drawn.
    void sizeFor(CacheShape shape, Storage storage, int tokenBudget) {
        long samples = StepPlan.mostSamples(shape.slots());
        tokenWeights.atLeast(4 * samples * shape.vocabulary());
        sampleParts.atLeast(samples * KernelSet.sampleParts(shape.vocabulary()) * KernelSet.SAMPLE_PART_BYTES);
        if (storage != Storage.F32) {
            int groups = StepImage.groups(shape);
            splits.atLeast(4L * SPLITS * groups * StepImage.QUERIES * (CudaCache.width(shape, storage) + 2));
            splitCounters.atLeast(4L * tokenBudget * groups);
        }
    }

    /// What [#allocate] will take.
    long missingBytes() {
        return parts.stream().mapToLong(Part::missing).sum();
    }

    void allocate() {
        for (var part : parts) {
            part.allocate();
        }
    }

    long partials() {
        return partials.address;
    }

    long productCounters() {
        return productCounters.address;
    }

    long splits() {
        return splits.address;
    }

    long splitCounters() {
        return splitCounters.address;
    }

    long tokenWeights() {
        return tokenWeights.address;
    }

    long sampleParts() {
        return sampleParts.address;
    }
}
