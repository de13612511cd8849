package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.cuda.weights.Storage;
import dev.flover.engine.backend.cuda.weights.WeightShape;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A row's bits are the same in every tile, whichever blocks compute its parts and whatever operations follow the
/// product.
class ProductTilesTest {
    private static final long SEED = 17;
    private static final int MOST_ROWS = 280;

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(SEED);

    @AfterEach
    void free() {
        arena.close();
    }

    /// Row counts use tiles of 8, 16, 32 and 64 rows, and more rows than tiles that blocks share may have. On the
    /// emulated devices a block computes all parts of a tile, as many blocks as possible share a tile, or a number in
    /// between.
    @ParameterizedTest
    @CsvSource({"BF16, 200, 1024, 1", "F16, 160, 1024, 8", "BF16, 65, 2304, 16", "F16, 97, 300, 1", "Q8_0, 130, 768, 4",
        "Q4_0, 160, 512, 1", "Q4_K, 70, 768, 8"})
    void allTilesAndSplitsGiveTheSameBits(TensorType type, int outputs, int inputs, int shards) {
        var weights = matrix(type, outputs, inputs);
        var table = floats(MOST_ROWS, inputs);
        float[] expected = product(new ReferenceBackend(), table, weights, shards, 40);
        float[] first = product(emulated(1), table, weights, shards, MOST_ROWS);

        double limit = type.blockElements() > 1 ? 2e-2 : 8e-3;
        assertThat(relativeError(expected, first)).as("seed " + SEED).isLessThan(limit);
        for (int multiprocessors : new int[] {2, 200}) {
            for (int rows : new int[] {1, 9, 40}) {
                float[] found = product(emulated(multiprocessors), table, weights, shards, rows);
                assertThat(found).as("%d rows, %d multiprocessors, seed %d", rows, multiprocessors, SEED)
                        .isEqualTo(Arrays.copyOf(first, rows * outputs));
            }
        }
    }

    @Test
    void aDeviceWithMoreRoomSharesTilesAndAWidePromptDoesNot() {
        var shape = new WeightShape(Storage.BF16, 4096, 4096, 8);

        assertThat(Tiling.of(shape, 1, 132)).isEqualTo(new Tiling(8, 1, 128, 8, 4, 396));
        assertThat(Tiling.of(shape, 16, 132)).isEqualTo(new Tiling(16, 1, 64, 8, 4, 256));
        assertThat(Tiling.of(shape, 64, 132)).isEqualTo(new Tiling(64, 1, 32, 4, 8, 132));
        assertThat(Tiling.of(shape, 2048, 132)).isEqualTo(new Tiling(64, 32, 32, 32, 1, 132));
        assertThat(Tiling.of(shape, 1, 1).blockParts()).isEqualTo(32);
    }

    /// Cases are products of Llama 3.1 8B: gate and up-projection; query, key and value; and both in fewer bits.
    @ParameterizedTest
    @CsvSource({"BF16, 28672, 4", "BF16, 6144, 16", "Q8, 28672, 2", "Q4, 28672, 1", "Q4, 6144, 16"})
    void aProductNormalisesUpToSoManyRows(Storage storage, int outputs, int most) {
        var shape = new WeightShape(storage, outputs, 4096, 1);

        for (int rows : new int[] {1, 2, 4, 8, 16}) {
            assertThat(Tiling.normalisesOnLoading(shape, rows)).as(rows + " rows").isEqualTo(rows <= most);
        }
    }

    /// Compares attention after the product rotated and appended heads itself with attention after the separate verb
    /// did.
    @ParameterizedTest
    @CsvSource({"HALVES, 64, 64, 3", "HALVES, 96, 32, 11", "ADJACENT, 20, 20, 5", "ADJACENT, 48, 16, 37", ", 24, 0, 20",
        "HALVES, 40, 40, 9"})
    void headsTurnedWithinTheProductAreThoseOfTheVerbs(Rotary.Pairing pairing, int headDim, int dims, int rows) {
        var rotary = pairing == null ? null : new Rotary(dims, pairing,
                DoubleStream.iterate(1, f -> f * 0.7).limit(dims / 2).boxed().toList(), 1);
        int width = 8 * headDim;
        var table = floats(MOST_ROWS, 96);
        var weights = matrix(TensorType.F16, width, 96);
        float[] apart = attended(table, weights, headDim, rotary, rows, false);
        float[] within = attended(table, weights, headDim, rotary, rows, true);

        assertThat(within).as("seed " + SEED).isEqualTo(apart).doesNotContain(Float.NaN);
    }

    private float[] attended(
            StoredTensor table, StoredTensor weights, int headDim, Rotary rotary, int rows, boolean fused) {
        try (var backend = emulated(3)) {
            var weight = backend.weight(Matrix.of(Role.DOWN, weights));
            var bias = backend.vector(new StoredTensor("bias", TensorType.F32, 1, weights.rows(),
                    arena.allocate(4L * weights.rows(), 64).fill((byte) 0x3C).asReadOnly()));
            var in = backend.tensor(rows, table.columns());
            var heads = backend.tensor(rows, weights.rows());
            var out = backend.tensor(rows, 4 * headDim);
            var cache = backend.cache(BackendCacheShapeBuilder.builder().layers(2).heads(4).kvHeads(2)
                    .headDim(headDim).vocabulary(64).blocks(8).blockTokens(16).slots(1).contextLength(128)
                    .latent(0).build());
            var rules = new Heads(1, rotary, null, null, 1e-5f);
            var plan = plan(rows);
            backend.begin(plan, cache);
            backend.embed(in, backend.weight(Matrix.of(Role.EMBEDDING, table)), 1);
            if (fused) {
                backend.projectToHeads(heads, in, null, rows, null, weight, bias, cache, rules);
            } else {
                backend.project(heads, in, rows, weight, bias);
                backend.appendKeysAndValues(heads, cache, 1, rotary, null, null, 1e-5f);
            }
            backend.attention(out, heads, cache, new Backend.Attention(1, 0, 0.3f, 0, null));
            backend.end(plan);
            var values = new float[rows * out.columns()];
            backend.read(out, values);
            return values;
        }
    }

    private static StepPlan plan(int rows) {
        var plan = new StepPlan(rows, 1);
        plan.admit(new Admission(0, new int[] {1}, 1, 0, SamplingParams.greedy(), new int[0]));
        for (int i = 0; i < 8; i++) {
            plan.setBlock(0, i, i);
        }
        plan.beginSlice(0);
        IntStream.range(0, rows).forEach(i -> plan.addRow(i, i));
        return plan;
    }

    private static CudaBackend emulated(int multiprocessors) {
        return new CudaBackend(EmulatedBackends.driver(multiprocessors));
    }

    private static float[] product(Backend backend, StoredTensor table, StoredTensor weights, int shards, int rows) {
        try (backend) {
            var weight = backend.weight(Matrix.of(Role.DOWN, weights).withShards(shards));
            var in = backend.tensor(rows, weights.columns());
            var out = backend.tensor(rows, weights.rows());
            var cache = backend.cache(BackendCacheShapeBuilder.builder().layers(1).heads(1).kvHeads(1).headDim(16)
                    .vocabulary(64).blocks(20).blockTokens(16).slots(1).contextLength(320).latent(0).build());
            var plan = plan(rows);
            var embedding = backend.weight(Matrix.of(Role.EMBEDDING, table));
            backend.begin(plan, cache);
            backend.embed(in, embedding, 1);
            backend.project(out, in, rows, weight, null);
            backend.projectAdd(out, in, rows, weight, null);
            backend.end(plan);
            var values = new float[rows * out.columns()];
            backend.read(out, values);
            return values;
        }
    }

    private static double relativeError(float[] expected, float[] found) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) found[i] - expected[i], 2);
            length += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / length);
    }

    private StoredTensor floats(int rows, int columns) {
        var data = arena.allocate(4L * rows * columns, 64);
        for (int i = 0; i < rows * columns; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return new StoredTensor("floats", TensorType.F32, rows, columns, data.asReadOnly());
    }

    /// A matrix with random values: blocks of quantised types get fixed scales (K-quants also for minimums) and random
    /// bits, 16-bit types random numbers.
    private StoredTensor matrix(TensorType type, int rows, int columns) {
        var data = arena.allocate(rows * type.rowBytes(columns), 64);
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            float value = type.blockElements() == 1 ? (float) random.nextGaussian() / 10 : 0.002f;
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, type == TensorType.BF16
                    ? (short) (Float.floatToRawIntBits(value) >>> 16) : Float.floatToFloat16(value));
            for (int i = 2; i < type.blockBytes(); i++) {
                data.set(ValueLayout.JAVA_BYTE, at + i, (byte) random.nextInt(256));
            }
            if (type == TensorType.Q4_K) {
                data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2, Float.floatToFloat16(value));
            }
        }
        return new StoredTensor("matrix", type, rows, columns, data.asReadOnly());
    }
}
