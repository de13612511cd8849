package dev.flover.engine.backend.cpu.kernels;

import static dev.flover.engine.backend.cpu.kernels.Lanes.PARTS;
import static dev.flover.engine.backend.cpu.kernels.Lanes.WIDTH;
import static dev.flover.engine.backend.cpu.kernels.Lanes.get;
import static dev.flover.engine.backend.cpu.kernels.Lanes.load;
import static dev.flover.engine.backend.cpu.kernels.Lanes.splat;
import static dev.flover.engine.backend.cpu.kernels.Lanes.zero;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Matrix products for one or four rows and one vector of outputs at a time, in the same arithmetic as
/// `project_blocks.c` and `project_floats.c`.
///
/// Integer dot products are computed in f32. They stay below 2^24, so they are exact.
final class VectorProducts {
    private static final int CHUNK = 256;

    private VectorProducts() {}

    /// The inputs and outputs of a product, by address.
    ///
    /// @param in     `[rows][inputs]` f32; quantised activations where the weights are in blocks
    record Product(int inputs, int shards, int outputs, long in, int rows, Target target) {
        /// Adds the bias and writes one row's outputs from output `first` on.
        void finish(FloatVector sum, int row, int first) {
            if (first >= outputs) {
                return;
            }
            var total = target.bias == 0 ? sum : sum.add(load(target.bias + 4L * first));
            long to = target.out + 4L * ((long) row * target.stride + first);
            if (first + WIDTH <= outputs) {
                Lanes.store(to, target.accumulate ? load(to).add(total) : total);
            } else {
                int count = outputs - first;
                Lanes.storeFirst(to, target.accumulate ? Lanes.loadFirst(to, count).add(total) : total, count);
            }
        }
    }

    /// The place of a product's outputs, by address.
    ///
    /// @param out        `[rows][stride]` f32
    /// @param bias       `[outputs]` f32, 0 for none
    /// @param accumulate whether the product is added to `out` rather than replacing it
    record Target(long out, int stride, long bias, boolean accumulate) {}

    /// The weights of a product in blocks, and the scales and sums of the quantised rows.
    ///
    /// @param skipped blocks of the first record that come before the product's first input
    record Blocks(
            BlockForm form, long quants, long scales, long minimums, int skipped, long rowScales, long sums) {}

    /// @param numbers scratch memory for a panel's weights
    /// @param stack   scratch memory for the sums of the shard tree
    static void blocks(
            Product product, Blocks blocks, int first, int end, PanelNumbers numbers, float[] stack) {
        for (int panel = first; panel < end; panel++) {
            numbers.fill(blocks, product.inputs / 32, panel);
            for (int part = 0; part < PARTS; part++) {
                int row = 0;
                for (; row + 4 <= product.rows; row += 4) {
                    fourRowsOfBlocks(product, blocks, numbers, panel, part * WIDTH, row, stack);
                }
                for (; row < product.rows; row++) {
                    oneRowOfBlocks(product, blocks, numbers, panel, part * WIDTH, row, stack);
                }
            }
        }
    }

    private static void fourRowsOfBlocks(
            Product product, Blocks weights, PanelNumbers numbers, int panel, int lane, int row, float[] stack) {
        var form = weights.form;
        int count = product.inputs / 32;
        int groups = 32 / form.group;
        int steps = form.group / 4;
        int shardBlocks = count / product.shards;
        long quants = numbers.quants() + 4L * lane;
        var sum0 = zero();
        var sum1 = zero();
        var sum2 = zero();
        var sum3 = zero();
        for (int shard = 0; shard < product.shards; shard++) {
            sum0 = zero();
            sum1 = zero();
            sum2 = zero();
            sum3 = zero();
            for (int index = shard * shardBlocks * groups; index < (shard + 1) * shardBlocks * groups; index++) {
                int block = index / groups;
                var dot0 = zero();
                var dot1 = zero();
                var dot2 = zero();
                var dot3 = zero();
                int firstStep = index % groups * steps;
                for (int step = firstStep; step < firstStep + steps; step++) {
                    for (int byteIndex = 0; byteIndex < 4; byteIndex++) {
                        var weight = weight(form.offset, quants, block, step, byteIndex);
                        long in = product.in + 4L * ((long) row * product.inputs + 32 * block + 4 * step + byteIndex);
                        dot0 = weight.fma(splat(get(in)), dot0);
                        dot1 = weight.fma(splat(get(in + 4L * product.inputs)), dot1);
                        dot2 = weight.fma(splat(get(in + 8L * product.inputs)), dot2);
                        dot3 = weight.fma(splat(get(in + 12L * product.inputs)), dot3);
                    }
                }
                long group = 4 * (16L * index + lane);
                var scale = load(numbers.scales() + group);
                long rowScale = weights.rowScales + 4L * ((long) row * count + block);
                sum0 = dot0.fma(scale.mul(get(rowScale)), sum0);
                sum1 = dot1.fma(scale.mul(get(rowScale + 4L * count)), sum1);
                sum2 = dot2.fma(scale.mul(get(rowScale + 8L * count)), sum2);
                sum3 = dot3.fma(scale.mul(get(rowScale + 12L * count)), sum3);
                if (form.minimums) {
                    var minimum = load(numbers.minimums() + group);
                    long rowSum = weights.sums + 4L * ((long) row * count * groups + index);
                    sum0 = minimum.fma(splat(get(rowSum)), sum0);
                    sum1 = minimum.fma(splat(get(rowSum + 4L * count * groups)), sum1);
                    sum2 = minimum.fma(splat(get(rowSum + 8L * count * groups)), sum2);
                    sum3 = minimum.fma(splat(get(rowSum + 12L * count * groups)), sum3);
                }
            }
            if (product.shards > 1) {
                sum0 = addShard(stack, 0, shard, sum0);
                sum1 = addShard(stack, 1, shard, sum1);
                sum2 = addShard(stack, 2, shard, sum2);
                sum3 = addShard(stack, 3, shard, sum3);
            }
        }
        product.finish(sum0, row, 16 * panel + lane);
        product.finish(sum1, row + 1, 16 * panel + lane);
        product.finish(sum2, row + 2, 16 * panel + lane);
        product.finish(sum3, row + 3, 16 * panel + lane);
    }

    private static void oneRowOfBlocks(
            Product product, Blocks weights, PanelNumbers numbers, int panel, int lane, int row, float[] stack) {
        var form = weights.form;
        int count = product.inputs / 32;
        int groups = 32 / form.group;
        int steps = form.group / 4;
        int shardBlocks = count / product.shards;
        long quants = numbers.quants() + 4L * lane;
        var sum = zero();
        for (int shard = 0; shard < product.shards; shard++) {
            sum = zero();
            for (int index = shard * shardBlocks * groups; index < (shard + 1) * shardBlocks * groups; index++) {
                int block = index / groups;
                var even = zero();
                var odd = zero();       // two independent chains of additions; adding the two sums is exact
                int firstStep = index % groups * steps;
                for (int step = firstStep; step < firstStep + steps; step++) {
                    long in = product.in + 4L * ((long) row * product.inputs + 32 * block + 4 * step);
                    even = weight(form.offset, quants, block, step, 0).fma(splat(get(in)), even);
                    odd = weight(form.offset, quants, block, step, 1).fma(splat(get(in + 4)), odd);
                    even = weight(form.offset, quants, block, step, 2).fma(splat(get(in + 8)), even);
                    odd = weight(form.offset, quants, block, step, 3).fma(splat(get(in + 12)), odd);
                }
                long group = 4 * (16L * index + lane);
                var scale = load(numbers.scales() + group);
                sum = even.add(odd).fma(
                        scale.mul(get(weights.rowScales + 4L * ((long) row * count + block))), sum);
                if (form.minimums) {
                    long rowSum = weights.sums + 4L * ((long) row * count * groups + index);
                    sum = load(numbers.minimums() + group).fma(splat(get(rowSum)), sum);
                }
            }
            if (product.shards > 1) {
                sum = addShard(stack, 0, shard, sum);
            }
        }
        product.finish(sum, row, 16 * panel + lane);
    }

    /// The weights of one input for a vector of outputs, as integers in f32.
    private static FloatVector weight(int offset, long quants, int block, int step, int byteIndex) {
        var four = Lanes.loadInts(quants + 512L * block + 64 * step);
        return (FloatVector) four.lanewise(VectorOperators.LSHR, 8 * byteIndex).and(255).sub(offset)
                .convert(VectorOperators.I2F, 0);
    }

    /// Adds a shard's sum to the sums of the finished shards left of it in the tree; see `shards.h`.
    private static FloatVector addShard(float[] stack, int slot, int shard, FloatVector sum) {
        int level = 0;
        for (; (shard >> level & 1) != 0; level++) {
            sum = FloatVector.fromArray(Lanes.FLOATS, stack, 16 * (4 * level + slot)).add(sum);
        }
        sum.intoArray(stack, 16 * (4 * level + slot));
        return sum;
    }

    static void floats(
            Product product, FloatForm form, long weights, int first, int end, float[] stack) {
        for (int panel = first; panel < end; panel++) {
            for (int part = 0; part < PARTS; part++) {
                int row = 0;
                for (; row + 4 <= product.rows; row += 4) {
                    fourRowsOfFloats(product, form, weights, panel, part * WIDTH, row, stack);
                }
                for (; row < product.rows; row++) {
                    oneRowOfFloats(product, form, weights, panel, part * WIDTH, row, stack);
                }
            }
        }
    }

    private static void fourRowsOfFloats(
            Product product, FloatForm form, long weights, int panel, int lane, int row, float[] stack) {
        int shardInputs = product.inputs / product.shards;
        long panelAt = (long) panel * product.inputs * 16;
        var total0 = zero();
        var total1 = zero();
        var total2 = zero();
        var total3 = zero();
        for (int shard = 0; shard < product.shards; shard++) {
            total0 = zero();
            total1 = zero();
            total2 = zero();
            total3 = zero();
            int end = (shard + 1) * shardInputs;
            for (int chunk = shard * shardInputs; chunk < end; chunk += CHUNK) {
                var sum0 = zero();
                var sum1 = zero();
                var sum2 = zero();
                var sum3 = zero();
                for (int k = chunk; k < Math.min(chunk + CHUNK, end); k++) {
                    var weight = weight(form, weights, panelAt + 16L * k, lane, k);
                    long in = product.in + 4L * ((long) row * product.inputs + k);
                    sum0 = weight.fma(splat(get(in)), sum0);
                    sum1 = weight.fma(splat(get(in + 4L * product.inputs)), sum1);
                    sum2 = weight.fma(splat(get(in + 8L * product.inputs)), sum2);
                    sum3 = weight.fma(splat(get(in + 12L * product.inputs)), sum3);
                }
                total0 = total0.add(sum0);
                total1 = total1.add(sum1);
                total2 = total2.add(sum2);
                total3 = total3.add(sum3);
            }
            if (product.shards > 1) {
                total0 = addShard(stack, 0, shard, total0);
                total1 = addShard(stack, 1, shard, total1);
                total2 = addShard(stack, 2, shard, total2);
                total3 = addShard(stack, 3, shard, total3);
            }
        }
        product.finish(total0, row, 16 * panel + lane);
        product.finish(total1, row + 1, 16 * panel + lane);
        product.finish(total2, row + 2, 16 * panel + lane);
        product.finish(total3, row + 3, 16 * panel + lane);
    }

    private static void oneRowOfFloats(
            Product product, FloatForm form, long weights, int panel, int lane, int row, float[] stack) {
        int shardInputs = product.inputs / product.shards;
        long panelAt = (long) panel * product.inputs * 16;
        var total = zero();
        for (int shard = 0; shard < product.shards; shard++) {
            total = zero();
            int end = (shard + 1) * shardInputs;
            for (int chunk = shard * shardInputs; chunk < end; chunk += CHUNK) {
                var sum = zero();
                for (int k = chunk; k < Math.min(chunk + CHUNK, end); k++) {
                    sum = weight(form, weights, panelAt + 16L * k, lane, k)
                            .fma(splat(get(product.in + 4L * ((long) row * product.inputs + k))), sum);
                }
                total = total.add(sum);
            }
            if (product.shards > 1) {
                total = addShard(stack, 0, shard, total);
            }
        }
        product.finish(total, row, 16 * panel + lane);
    }

    /// The weights of a panel that are multiplied by the activation at place `k` of a row.
    ///
    /// @param at how many weights come before them in panels and places
    private static FloatVector weight(FloatForm form, long weights, long at, int lane, int k) {
        return switch (form) {
            case SINGLE -> load(weights + 4 * (at + lane));
            case HALF -> Lanes.loadHalf(weights + 2 * (at + lane));
            case BF16 -> k % 2 == 0
                    ? Lanes.loadInts(weights + 2 * at + 4 * lane).and(0xFFFF0000).reinterpretAsFloats()
                    : Lanes.loadInts(weights + 2 * (at - 16) + 4 * lane).lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats();
        };
    }
}
