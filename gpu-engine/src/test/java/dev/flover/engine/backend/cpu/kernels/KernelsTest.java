package dev.flover.engine.backend.cpu.kernels;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.backend.cpu.kernels.VectorProducts.Product;
import dev.flover.engine.backend.cpu.kernels.VectorProducts.Target;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.sampling.LogitPasses;
import dev.flover.engine.sampling.Sampler;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.SamplingState;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The compiled kernels of every instruction set that this machine supports give the same bits as the Vector API.
class KernelsTest {
    private static final long SEED = 20261122;

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(SEED);
    private final Kernels java = new VectorKernels();

    @AfterEach
    void release() {
        arena.close();
    }

    /// Whole panels, and one whose last lanes have no row.
    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void rowsArePackedToEqualBytes(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (var form : BlockForm.values()) {
            var type = TensorType.valueOf(form.name());
            for (int rows : new int[] {16, 5}) {
                for (int records : new int[] {1, 7, 40}) {
                    var stored = bytes((long) rows * records * type.blockBytes());
                    assertThat(packed(kernels, type, rows, records, stored)).as(type + ", " + rows + " rows of "
                            + records + " blocks, seed " + SEED).isEqualTo(packed(java, type, rows, records, stored));
                }
            }
        }
    }

    /// Quants, scales and minimums, one after another, and memory behind them that must stay as it is.
    private byte[] packed(Kernels kernels, TensorType type, int rows, int records, MemorySegment stored) {
        var form = BlockForm.of(type);
        var starts = arena.allocate(JAVA_LONG, 16);
        for (int row = 0; row < rows; row++) {
            starts.setAtIndex(JAVA_LONG, row, stored.address() + (long) row * records * type.blockBytes());
        }
        long quants = (long) records * form.recordBytes();
        long scales = 16L * records * form.scaleBytes();
        long minimums = form.minimums ? scales : 0;
        var all = arena.allocate(quants + scales + minimums + 64, 64);
        all.fill((byte) 0x5A);
        kernels.pack(type, starts.address(), records, all.address(), all.address() + quants,
                form.minimums ? all.address() + quants + scales : 0);
        return all.toArray(JAVA_BYTE);
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void productsWithBlocksHaveEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (var form : BlockForm.values()) {
            for (int rows : new int[] {1, 2, 3, 5, 8, 37}) {
                for (int outputs : new int[] {1, 33, 90}) {
                    for (int shards : new int[] {1, 4}) {
                        var product = new BlockProduct(
                                form, rows, outputs, random.nextInt(form.span), 4 + random.nextInt(21), shards);
                        assertThat(product.run(kernels)).as(product + " seed " + SEED)
                                .isEqualTo(product.run(java));
                    }
                }
            }
        }
    }

    /// All weights of an output have the same code, and all activations the same magnitude: such sums are the greatest
    /// that occur, and leave 16 bits soonest. The signs of activations are equal, alternate, or change in the middle.
    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void sumsOfTheGreatestProductsHaveEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (var form : BlockForm.values()) {
            for (int rows : new int[] {1, 2, 3, 4, 8, 37}) {
                var product = new BlockProduct(form, rows, 33, 0, 8, 1);
                product.greatest();
                assertThat(product.run(kernels)).as(product + " seed " + SEED).isEqualTo(product.run(java));
            }
        }
    }

    /// Choices that are made for speed.
    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void productsHaveEqualBitsWhateverIsChosen(InstructionSet instructions) {
        var kernels = kernels(instructions);
        try {
            for (var form : List.of(BlockForm.Q4_0, BlockForm.Q8_0, BlockForm.Q5_K, BlockForm.Q6_K)) {
                for (int rows : new int[] {1, 8, 37}) {
                    var product = new BlockProduct(form, rows, 64, 0, 20, 1);
                    float[] expected = product.run(java);
                    for (var choices : List.of(new KernelChoices(0, 0, 1, false),
                            new KernelChoices(5000, 32, 8, false), new KernelChoices(1024, 32, 8, true))) {
                        kernels.choose(choices);
                        assertThat(product.run(kernels)).as(product + " with " + choices).isEqualTo(expected);
                    }
                }
            }
        } finally {
            kernels.choose(KernelChoices.DEFAULT);
        }
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void productsWithFloatsHaveEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (var form : FloatForm.values()) {
            for (int rows : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 17, 70}) {
                for (int outputs : new int[] {1, 16, 33, 64, 90}) {
                    for (int shards : new int[] {1, 8}) {
                        int most = form == FloatForm.BF16 ? 20 : 80;   // in shards of 32 inputs, or of any number
                        int unit = form == FloatForm.BF16 ? 32 * shards : 8;
                        var product = new FloatProduct(form, rows, outputs, unit * (1 + random.nextInt(most)), shards);
                        assertThat(product.run(kernels)).as(product + " seed " + SEED)
                                .isEqualTo(product.run(java));
                    }
                }
            }
        }
    }

    /// Between two bf16 numbers, of which the even one is below or above; and beside the least number that is not zero.
    private static final int[] BOUNDS = {0x3F808000, 0x3F818000, 0xBF808000, 0x3FFF8000, 0x237FFFFF, 0x23800000};

    /// Instructions differ in how they treat subnormal numbers, so products in bf16 have none.
    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void productsOfTheLeastAndOfUnusualBf16NumbersHaveEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (int rows : new int[] {1, 8, 37}) {
            var product = new FloatProduct(FloatForm.BF16, rows, 33, 320, 1);
            product.spread(-56, -50);
            assertThat(product.run(kernels)).as(product + " seed " + SEED).isEqualTo(product.run(java));
            product.spread(-56, 56);
            product.putBounds();
            assertThat(product.run(kernels)).as(product + " seed " + SEED).isEqualTo(product.run(java));
            for (float unusual : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, -Float.MIN_VALUE}) {
                product.in.setAtIndex(JAVA_FLOAT, 3, unusual);
                assertThat(product.run(kernels)).as(product + " with " + unusual).isEqualTo(product.run(java));
            }
        }
    }

    @Test
    void aProductInBf16NumbersIsThatOfRoundedActivations() {
        var product = new FloatProduct(FloatForm.BF16, 3, 20, 64, 1);
        product.spread(-70, 4);
        product.putBounds();
        float[] got = product.run(java);
        for (int row = 0; row < 3; row++) {
            for (int output = 0; output < 20; output++) {
                double[] exact = product.exact(row, output);
                assertThat((double) got[row * 20 + output]).isEqualTo(exact[0], within(64 * 0x1p-24 * exact[1]));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(BlockForm.class)
    void aProductWithBlocksIsWhatItsWeightsSay(BlockForm form) {
        var product = new BlockProduct(form, 5, 20, form.span / 2, 6, 2);
        float[] got = product.run(java);
        for (int row = 0; row < 5; row++) {
            for (int output = 0; output < 20; output++) {
                double[] exact = product.exact(row, output);
                // quantisation changes each activation by at most half a step of its block's scale
                assertThat((double) got[row * 20 + output]).isEqualTo(exact[0], within(exact[1]));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void normsHaveEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (int width : new int[] {1, 8, 16, 17, 48, 100, 1024}) {
            var in = floats(3 * width);
            var weight = floats(Kernels.padded(width));
            var bias = floats(Kernels.padded(width));
            for (boolean centred : new boolean[] {false, true}) {
                assertThat(outputOf(3 * width, out -> kernels.normalise(
                                out, in.address(), 3, width, centred, 1e-5f, weight.address(),
                                centred ? bias.address() : 0)))
                        .as("width " + width)
                        .isEqualTo(outputOf(3 * width, out -> java.normalise(
                                out, in.address(), 3, width, centred, 1e-5f, weight.address(),
                                centred ? bias.address() : 0)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void activationsHaveEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (int width : new int[] {1, 15, 16, 40, 1000}) {
            var in = floats(2 * 2 * width);
            for (int i = 0; i < width; i++) {
                in.setAtIndex(JAVA_FLOAT, i, (i - width / 2) * 0.37f);      // values far from 0 on both sides
            }
            for (var activation : Activation.values()) {
                for (boolean gated : new boolean[] {false, true}) {
                    assertThat(outputOf(2 * width, out ->
                                    kernels.activate(out, in.address(), 2, width, gated, activation)))
                            .as(activation + " of " + width)
                            .isEqualTo(outputOf(2 * width, out ->
                                    java.activate(out, in.address(), 2, width, gated, activation)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void rowsArePutOrAddedAndNothingBesideThem(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (int width : new int[] {1, 15, 16, 48, 50}) {
            for (boolean accumulate : new boolean[] {false, true}) {
                var in = floats(3 * (width + 5));
                var before = floats(3 * (width + 7));
                var expected = before.asSlice(0, 4L * 3 * (width + 7)).toArray(JAVA_FLOAT);
                for (int row = 0; row < 3; row++) {
                    for (int i = 0; i < width; i++) {
                        float value = in.getAtIndex(JAVA_FLOAT, row * (width + 5) + i);
                        expected[row * (width + 7) + i] = accumulate ? expected[row * (width + 7) + i] + value : value;
                    }
                }
                for (var each : List.of(kernels, java)) {
                    assertThat(outputOf(expected.length, out -> {
                        for (int i = 0; i < expected.length; i++) {
                            Lanes.set(out + 4L * i, before.getAtIndex(JAVA_FLOAT, i));
                        }
                        each.put(out, width + 7, in.address(), width + 5, 3, width, accumulate);
                    })).as(each.name() + " of " + width).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void activationsAreCloseToTheirDefinition(Activation activation) {
        int width = 2001;
        var in = arena.allocate(4L * width);
        for (int i = 0; i < width; i++) {
            in.setAtIndex(JAVA_FLOAT, i, (i - 1000) * 0.01f);
        }
        float[] got = outputOf(width, out -> java.activate(out, in.address(), 1, width, false, activation));
        for (int i = 0; i < width; i++) {
            double x = in.getAtIndex(JAVA_FLOAT, i);
            double expected = switch (activation) {
                case SILU -> x / (1 + Math.exp(-x));
                case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
                case GELU_ERF -> x * normalDistribution(x);
                case RELU -> Math.max(x, 0);
                case RELU_SQUARED -> Math.pow(Math.max(x, 0), 2);
                case CLAMPED_SWIGLU -> Math.min(x, 7) / (1 + Math.exp(-1.702 * Math.min(x, 7)));
            };
            // eight roundings of numbers of this size, and the error 1.2e-7 of erfc's approximation
            assertThat((double) got[i]).as("at " + x).isEqualTo(expected, within(1e-6 * Math.max(0.1, Math.abs(x))));
        }
    }

    /// The cumulative normal distribution, by Simpson's rule over its density.
    private static double normalDistribution(double x) {
        int steps = 400;
        double width = x / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            double factor = i == 0 || i == steps ? 1 : i % 2 == 0 ? 2 : 4;
            sum += factor * Math.exp(-(i * width) * (i * width) / 2);
        }
        return 0.5 + sum * width / 3 / Math.sqrt(2 * Math.PI);
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void attentionHasEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (int blockTokens : new int[] {1, 4, 16, 32, 128}) {
            for (int headDim : new int[] {8, 16, 24, 80}) {
                for (int group : new int[] {1, 3}) {
                    for (int window : new int[] {0, 5, 70}) {
                        for (var form : CacheForm.values()) {
                            var sequence = new PagedSequence(
                                    blockTokens, headDim, headDim, group, window, form);
                            assertThat(sequence.run(kernels)).as(sequence + " seed " + SEED)
                                    .isEqualTo(sequence.run(java));
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void attentionOverLatentVectorsHasEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (int blockTokens : new int[] {4, 16, 128}) {
            for (int group : new int[] {1, 7}) {
                for (var form : CacheForm.values()) {
                    var sequence = new PagedSequence(blockTokens, 40, 27, group, 0, form);
                    assertThat(sequence.run(kernels)).as(sequence + " seed " + SEED).isEqualTo(sequence.run(java));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void theGreatestIsTheFirstOfEquals(InstructionSet instructions) {
        for (var kernels : new Kernels[] {kernels(instructions), java}) {
            for (int count : new int[] {1, 15, 16, 63, 64, 65, 1000, 32_000}) {
                var row = floats(count);
                int first = random.nextInt(count);
                row.setAtIndex(JAVA_FLOAT, count - 1, 77);
                row.setAtIndex(JAVA_FLOAT, first, 77);
                assertThat(kernels.argmax(row.address(), count)).as("of " + count).isEqualTo(first);
                row.setAtIndex(JAVA_FLOAT, random.nextInt(count), Float.NaN);
                assertThat(kernels.argmax(row.address(), count)).isEqualTo(-1);
            }
            var infinite = floats(100);
            infinite.setAtIndex(JAVA_FLOAT, 99, Float.NEGATIVE_INFINITY);
            assertThat(kernels.argmax(infinite.address(), 100)).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void rowsOfLogitsAreWeighedWithEqualBits(InstructionSet instructions) {
        var kernels = kernels(instructions);
        for (int count : new int[] {1, 15, 16, 63, 64, 65, 200, 1000}) {
            for (float temperature : new float[] {1e-30f, 0.7f, 1, 10}) {
                var row = floats(count);
                row.setAtIndex(JAVA_FLOAT, count / 2, Float.NEGATIVE_INFINITY);      // masked
                row.setAtIndex(JAVA_FLOAT, 0, 3);
                assertThat(weighed(kernels, row, count, temperature)).as(count + " logits at " + temperature)
                        .isEqualTo(weighed(java, row, count, temperature));
            }
        }
    }

    /// The sum, then all arrays that were written, as text.
    private String weighed(Kernels kernels, MemorySegment row, int count, float temperature) {
        int chunks = Math.ceilDiv(count, LogitPasses.CHUNK);
        var masses = arena.allocate(4L * LogitPasses.CHUNK * chunks);
        var totals = arena.allocate(8L * chunks);
        var maxima = arena.allocate(4L * chunks);
        long sum = kernels.weigh(row.address(), count, kernels.greatest(row.address(), count, true), temperature,
                masses.address(), totals.address(), maxima.address());
        return sum + Arrays.toString(masses.asSlice(0, 4L * count).toArray(JAVA_INT))
                + Arrays.toString(totals.toArray(JAVA_LONG)) + Arrays.toString(maxima.toArray(JAVA_INT));
    }

    @Test
    void drawsOnKernelsAreThePlainOnes() {
        for (int vocabulary : new int[] {5, 64, 1000, 5003}) {
            var plain = new Sampler(vocabulary);
            var fast = new Sampler(vocabulary, new KernelPasses(java));
            for (int seed = 0; seed < 50; seed++) {
                var params = SamplingParams.sampled(random.nextFloat(0.1f, 3), seed)
                        .withTopK(random.nextInt(40))
                        .withTopP(random.nextFloat(0.1f, 1))
                        .withTopLogprobs(2);
                var row = floats(vocabulary);
                assertThat(draw(fast, row, params)).as(params + " seed " + SEED)
                        .isEqualTo(draw(plain, row, params));
            }
        }
    }

    private static List<Object> draw(Sampler sampler, MemorySegment row, SamplingParams params) {
        var state = new SamplingState();
        state.begin(new int[] {0}, 1, 0, params, new int[0]);
        var tokens = new int[2];
        var logprobs = new float[2];
        int token = sampler.sample(row, 0, 0, state, tokens, logprobs, 0);
        return List.of(token, sampler.logprob(), tokens[0], tokens[1], logprobs[0], logprobs[1]);
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void theGreatestLogitIsNoNumberWhereOneIsNotFinite(InstructionSet instructions) {
        for (var kernels : List.of(kernels(instructions), java)) {
            for (int count : new int[] {1, 2, 15, 16, 17, 100}) {
                for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                    var row = floats(count);
                    row.setAtIndex(JAVA_FLOAT, count / 3, 9);
                    assertThat(kernels.greatest(row.address(), count, false)).isEqualTo(9);
                    row.setAtIndex(JAVA_FLOAT, random.nextInt(count), bad);
                    assertThat(kernels.greatest(row.address(), count, false))
                            .as(kernels.name() + ", " + count + ", " + bad).isNaN();
                }
                var masked = floats(count);
                for (int i = 0; i < count; i++) {
                    masked.setAtIndex(JAVA_FLOAT, i, Float.NEGATIVE_INFINITY);
                }
                assertThat(kernels.greatest(masked.address(), count, true)).isEqualTo(Float.NEGATIVE_INFINITY);
                masked.setAtIndex(JAVA_FLOAT, count - 1, -7);
                assertThat(kernels.greatest(masked.address(), count, true)).isEqualTo(-7);
            }
        }
    }

    private Kernels kernels(InstructionSet instructions) {
        try {
            var library = NativeLibrary.open();
            Assumptions.assumeTrue(library.runnable().contains(instructions),
                    instructions + " is not in this build or does not run on this machine");
            return new NativeKernels(library, instructions);
        } catch (LinkageError e) {
            Assumptions.abort(e.getMessage());
            throw e;
        }
    }

    private interface Writer {
        void write(long out);
    }

    private float[] outputOf(int count, Writer writer) {
        var out = arena.allocate(4L * count + 64, 64);
        writer.write(out.address());
        return out.asSlice(0, 4L * count).toArray(JAVA_FLOAT);
    }

    private MemorySegment floats(int count) {
        var memory = arena.allocate(4L * count + 64, 64);
        for (int i = 0; i < count; i++) {
            memory.setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return memory;
    }

    private MemorySegment bytes(long count) {
        var all = new byte[(int) count];
        random.nextBytes(all);
        var memory = arena.allocate(count, 64);
        MemorySegment.copy(all, 0, memory, JAVA_BYTE, 0, all.length);
        return memory;
    }

    private final class BlockProduct {
        private final BlockForm form;
        private final int rows;
        private final int outputs;
        private final int skipped;
        private final int blocks;
        private final int shards;
        private final int panels;
        private final int records;
        private final MemorySegment quants;
        private final MemorySegment scales;
        private final MemorySegment minimums;
        private final MemorySegment in;
        private final MemorySegment bias;
        private final MemorySegment before;
        private final boolean accumulate = random.nextBoolean();

        BlockProduct(BlockForm form, int rows, int outputs, int skipped, int blocks, int shards) {
            this.form = form;
            this.rows = rows;
            this.outputs = outputs;
            this.skipped = skipped;
            this.blocks = blocks / shards * shards;
            this.shards = shards;
            panels = (outputs + 15) / 16;
            records = Math.ceilDiv(skipped + this.blocks, form.span);
            quants = bytes((long) panels * records * form.recordBytes());
            scales = scales(0.01f / form.span);
            minimums = scales(form.span == 1 ? 0.1f : 0.01f);
            in = floats(rows * this.blocks * 32);
            bias = floats(16 * panels);
            before = floats(rows * outputs);
        }

        /// Gives even outputs the code of the greatest weight, and odd ones code 0; makes all activations 3 or -3.
        void greatest() {
            int codes = form == BlockForm.MXFP4 ? 0x77 : 0xFF;      // code 7 stands for 24, code 15 for 0
            for (long record = 0; record < (long) panels * records; record++) {
                long at = record * form.recordBytes();
                for (long i = 0; i < 64L * form.span * (form.low + form.high); i++) {
                    quants.set(JAVA_BYTE, at + i, (byte) (i / 4 % 2 == 0 ? codes : 0));
                }
            }
            for (int row = 0; row < rows; row++) {
                for (int k = 0; k < 32 * blocks; k++) {
                    boolean negative = switch (row % 6) {
                        case 0 -> false;
                        case 1 -> true;
                        case 2 -> k % 2 == 1;
                        case 3 -> k % 4 < 2;
                        case 4 -> k % 32 < 16;
                        default -> random.nextBoolean();
                    };
                    in.setAtIndex(JAVA_FLOAT, (long) row * 32 * blocks + k, negative ? -3 : 3);
                }
            }
        }

        /// A scale or a minimum for each output of each record: f16, or exponents around that of 2^-8.
        private MemorySegment scales(float deviation) {
            int count = panels * records * 16;
            var memory = arena.allocate((long) count * form.scaleBytes(), 64);
            for (int i = 0; i < count; i++) {
                if (form.scaleBytes() == 1) {
                    memory.set(JAVA_BYTE, i, (byte) (i % 50 == 0 ? i / 50 : 116 + random.nextInt(8)));
                } else {
                    memory.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16((float) random.nextGaussian() * deviation));
                }
            }
            return memory;
        }

        float[] run(Kernels kernels) {
            int inputs = 32 * blocks;
            int groups = inputs / form.group;
            var quantised = arena.allocate((long) rows * inputs * kernels.activationBytes(), 64);
            var rowScales = arena.allocate(4L * rows * blocks, 64);
            var corrections = arena.allocate(4L * rows * groups, 64);
            var sums = arena.allocate(4L * rows * groups, 64);
            kernels.quantise(in.address(), inputs, rows, quantised.address(), rowScales.address(),
                    corrections.address(), sums.address(), form.group, form.offset);
            var out = arena.allocate(4L * rows * outputs + 64, 64).copyFrom(before.asSlice(0, 4L * rows * outputs));
            kernels.projectBlocks(form, quants.address(), scales.address(), minimums.address(), skipped, blocks,
                    shards, outputs,
                    quantised.address(), rowScales.address(), corrections.address(), sums.address(), rows,
                    out.address(), outputs, bias.address(), accumulate, 0, panels);
            return out.asSlice(0, 4L * rows * outputs).toArray(JAVA_FLOAT);
        }

        /// One output computed in double from the unquantised activations, and a bound for the error of quantising
        /// them.
        double[] exact(int row, int output) {
            double sum = bias.getAtIndex(JAVA_FLOAT, output)
                    + (accumulate ? before.getAtIndex(JAVA_FLOAT, (long) row * outputs + output) : 0);
            double bound = 1e-5;
            int inputs = 32 * blocks;
            for (int block = 0; block < blocks; block++) {
                double greatest = 0;
                for (int k = 32 * block; k < 32 * block + 32; k++) {
                    greatest = Math.max(greatest, Math.abs(in.getAtIndex(JAVA_FLOAT, (long) row * inputs + k)));
                }
                for (int k = 32 * block; k < 32 * block + 32; k++) {
                    double weight = weight(output, k);
                    sum += weight * in.getAtIndex(JAVA_FLOAT, (long) row * inputs + k);
                    bound += Math.abs(weight) * greatest / 127 * 0.501;
                }
            }
            return new double[] {sum, bound};
        }

        private double weight(int output, int k) {
            int lane = output % 16;
            int block = skipped + k / 32;
            long record = output / 16 * records + block / form.span;
            long at = record * form.recordBytes();
            int within = block % form.span;
            int code = bits(at + 64L * form.low * within, form.low, k % 32, lane);
            if (form.high > 0) {
                code |= bits(at + form.highPlane() + 64L * form.high * within, form.high, k % 32, lane) << form.low;
            }
            int group = k % 32 / form.group;
            return form.number(code) * scale(scales, 16 * record + lane, at + form.factors(within, group, 0) + lane, 0)
                    + (!form.minimums ? 0
                    : scale(minimums, 16 * record + lane, at + form.factors(within, group, 1) + lane, 1));
        }

        private int bits(long plane, int bits, int k, int lane) {
            int step = k / 4;
            return quants.get(JAVA_BYTE, plane + 64 * (step % bits) + 4 * lane + k % 4) >> step - step % bits
                    & (1 << bits) - 1;
        }

        private double scale(MemorySegment stored, long at, long factor, int kind) {
            return switch (form.scale) {
                case HALF -> half(stored, at);
                case POWER -> Math.scalb(1.0, (stored.get(JAVA_BYTE, at) & 255) - 128);
                case FACTOR -> half(stored, at) * quants.get(JAVA_BYTE, factor);
                case NIBBLE -> half(stored, at) * (quants.get(JAVA_BYTE, factor) >> 4 * kind & 15);
            };
        }

        private static double half(MemorySegment stored, long at) {
            return Float.float16ToFloat(stored.getAtIndex(JAVA_SHORT, at));
        }

        @Override
        public String toString() {
            return form + " [" + outputs + ", " + 32 * blocks + "] in " + shards + " shards with " + rows
                    + " rows, from block " + skipped;
        }
    }

    private final class FloatProduct {
        private final FloatForm form;
        private final int shards;
        private final MemorySegment weights;
        private final MemorySegment in;
        private final MemorySegment bias;
        private final Product product;

        FloatProduct(FloatForm form, int rows, int outputs, int inputs, int shards) {
            this.form = form;
            this.shards = shards;
            int count = (outputs + 15) / 16 * 16 * inputs;
            weights = form == FloatForm.SINGLE ? floats(count) : arena.allocate(2L * count, 64);
            for (int i = 0; form != FloatForm.SINGLE && i < count; i++) {
                float value = (float) random.nextGaussian() * (i % 7 == 0 ? 1e-6f : 1);     // some become subnormal f16
                weights.setAtIndex(JAVA_SHORT, i, form == FloatForm.HALF
                        ? Float.floatToFloat16(value) : (short) (Float.floatToRawIntBits(value) >> 16));
            }
            in = floats(rows * inputs);
            bias = floats(Kernels.padded(outputs));
            product = new Product(inputs, shards, outputs, in.address(), rows,
                    new Target(0, outputs, bias.address(), false));
        }

        /// Gives weights and activations random exponents. Weights below the least that products take become 0.
        void spread(int least, int most) {
            for (long i = 0; i < weights.byteSize() / 2; i++) {
                float weight = spread(least, most, random.nextInt(1 << 7) << 16);
                weights.setAtIndex(JAVA_SHORT, i, (short) (Math.abs(weight) < FloatForm.LEAST_BF16 ? 0
                        : Float.floatToRawIntBits(weight) >>> 16));
            }
            for (int i = 0; i < product.rows() * product.inputs(); i++) {
                in.setAtIndex(JAVA_FLOAT, i, spread(least, most, random.nextInt(1 << 23)));
            }
        }

        /// Makes the first activations those of which the rounding is the most delicate.
        void putBounds() {
            for (int i = 0; i < BOUNDS.length; i++) {
                in.setAtIndex(JAVA_FLOAT, i, Float.intBitsToFloat(BOUNDS[i]));
            }
        }

        private float spread(int least, int most, int fraction) {
            float magnitude = Float.intBitsToFloat((127 + random.nextInt(least, most + 1)) << 23 | fraction);
            return random.nextBoolean() ? magnitude : -magnitude;
        }

        /// The product in double with activations that are rounded to bf16, and the sum of its terms' magnitudes.
        double[] exact(int row, int output) {
            double sum = bias.getAtIndex(JAVA_FLOAT, output);
            double magnitudes = Math.abs(sum);
            for (int k = 0; k < product.inputs(); k++) {
                long word = ((long) output / 16 * product.inputs() / 2 + k / 2) * 16 + output % 16;
                int weight = weights.getAtIndex(JAVA_SHORT, 2 * word + k % 2) << 16;
                double x = in.getAtIndex(JAVA_FLOAT, (long) row * product.inputs() + k);
                double unit = Math.scalb(1.0, Math.getExponent(x) - 7);
                double rounded = Math.abs(x) < FloatForm.LEAST_BF16 ? 0 : Math.rint(x / unit) * unit;
                sum += rounded * Float.intBitsToFloat(weight);
                magnitudes += Math.abs(rounded * Float.intBitsToFloat(weight));
            }
            return new double[] {sum, magnitudes};
        }

        float[] run(Kernels kernels) {
            var taken = in;
            if (form == FloatForm.BF16) {
                taken = arena.allocate((long) product.rows() * product.inputs() * kernels.bf16Bytes(), 64);
                kernels.roundToBf16(in.address(), product.inputs(), product.rows(), taken.address());
            }
            long activations = taken.address();
            return outputOf(product.rows() * product.outputs(), out -> kernels.projectFloats(
                    form, weights.address(), product.inputs(), shards, product.outputs(), activations, product.rows(),
                    out, product.target().stride(), product.target().bias(), false, 0, (product.outputs() + 15) / 16));
        }

        @Override
        public String toString() {
            return form + " [" + product.outputs() + ", " + product.inputs() + "] in " + shards + " shards with "
                    + product.rows() + " rows";
        }
    }

    /// A sequence whose positions are all appended, and for whose last rows attention is computed.
    private final class PagedSequence {
        private static final int KV_HEADS = 2;
        private static final int LENGTH = 150;
        private static final int ROWS = 9;

        private final int blockTokens;
        private final int headDim;
        /// Less than `headDim` where a key's last numbers are its value.
        private final int valueDim;
        private final int group;
        private final int window;
        private final CacheForm form;
        private final int stride;
        private final int[] table;
        private final MemorySegment rows;
        private final MemorySegment cosines;
        private final MemorySegment sines;
        private final MemorySegment norm;

        PagedSequence(int blockTokens, int headDim, int valueDim, int group, int window, CacheForm form) {
            this.blockTokens = blockTokens;
            this.headDim = headDim;
            this.valueDim = valueDim;
            this.group = group;
            this.window = window;
            this.form = form;
            stride = (group + (valueDim < headDim ? 1 : 2)) * KV_HEADS * headDim;
            int blocks = Math.ceilDiv(LENGTH, blockTokens);
            table = Stream.iterate(0, i -> i + 1).limit(blocks).mapToInt(i -> blocks - 1 - i).toArray();
            rows = floats(LENGTH * stride);
            cosines = floats(LENGTH * 4);
            sines = floats(LENGTH * 4);
            norm = floats(Kernels.padded(headDim));
        }

        float[] run(Kernels kernels) {
            long keyBytes = KV_HEADS * form.headBytes(blockTokens, headDim);
            long valueBytes = KV_HEADS * form.headBytes(blockTokens, Kernels.padded(headDim));
            var keys = arena.allocate(keyBytes * table.length + 64, 64);
            var values = arena.allocate(valueBytes * table.length + 64, 64);
            boolean latent = valueDim < headDim;
            var all = arena.allocate(rows.byteSize(), 64).copyFrom(rows);
            for (int position = 0; position < LENGTH; position++) {
                int block = table[position / blockTokens];
                kernels.append(all.address() + 4L * position * stride, group * KV_HEADS, KV_HEADS, headDim,
                        norm.address(), norm.address(), 1e-5f,
                        cosines.address() + 16L * position, sines.address() + 16L * position, 8, window == 0,
                        keys.address() + block * keyBytes,
                        latent ? 0 : values.address() + block * valueBytes, form,
                        blockTokens, position % blockTokens);
            }
            var blocks = arena.allocate(4L * table.length);
            MemorySegment.copy(table, 0, blocks, JAVA_INT, 0, table.length);
            var scratch = arena.allocate(4L * Kernels.attentionScratchFloats(ROWS * group, headDim, valueDim), 64);
            return outputOf(ROWS * group * KV_HEADS * valueDim, out -> {
                for (int head = 0; head < KV_HEADS; head++) {
                    kernels.attention(out, all.address() + 4L * (LENGTH - ROWS) * stride, stride, ROWS, LENGTH - ROWS,
                            group, headDim, valueDim, KV_HEADS, head, keys.address(),
                            latent ? 0 : values.address(), form, blocks.address(), blockTokens, window, 0.3f,
                            group == 3 ? 20 : 0, window > 0 ? norm.address() : 0, scratch.address());
                }
            });
        }

        @Override
        public String toString() {
            return "blocks of " + blockTokens + ", heads of " + headDim + ", values of " + valueDim
                    + ", group of " + group + ", window " + window + ", " + form;
        }
    }
}
