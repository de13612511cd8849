package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.weights.Storage;
import dev.flover.engine.backend.cuda.weights.WeightShape;
import java.util.List;

/// Scratch memory that the verbs of a step share, large enough for all weights and the cache. It is allocated before
/// the first step that needs it and then kept, so that serving allocates nothing.
final class Workspace {
    /// A number of rows whose tiles fill any device.
    private static final int MOST_ROWS = 1 << 16;
    /// Most splits of attention tiles that may be computed by different blocks in a step.
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

    /// One array of scratch memory.
    private final class Part {
        final String purpose;
        /// Whether it is all zero between launches, which the kernels ensure.
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

    /// Makes sure that scratch is large enough for products with a weight of this shape.
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

    /// Makes sure that scratch is large enough for attention over a cache of this shape, and for drawing tokens.
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

    /// The bytes that [#allocate] will allocate.
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
