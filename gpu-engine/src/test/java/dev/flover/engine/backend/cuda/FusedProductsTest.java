package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Norms and non-linearities inside products give the same bits as separate kernels, in fewer launches.
class FusedProductsTest {
    private static final int HIDDEN = 96;
    private static final int INNER = 48;
    private static final long SEED = 11;

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(SEED);

    @AfterEach
    void free() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"F16, 1", "F16, 11", "F16, 40", "BF16, 5", "Q8_0, 3", "Q8_0, 13", "Q4_0, 2", "Q4_0, 16"})
    void fusedAndSeparateVerbsGiveTheSameBits(TensorType type, int rows) {
        try (var block = new Block(type, rows, 1)) {
            float[] separate = block.separately();
            float[] first = block.fused();     // the first fused run allocates sums of squares
            float[] fused = block.fused();

            assertThat(first).as("seed " + SEED).isEqualTo(separate).doesNotContain(Float.NaN);
            assertThat(fused).as("seed " + SEED).isEqualTo(separate);
        }
    }

    @ParameterizedTest
    @CsvSource({"16, 4", "17, 6"})
    void fewRowsTakeALaunchAProduct(int rows, int launches) {
        try (var block = new Block(TensorType.F16, rows, 1)) {
            block.fused();
            int before = block.driver.launches();
            block.fused();

            assertThat(block.driver.launches() - before).isEqualTo(launches + Block.OTHERS);
        }
    }

    /// Rows are normalised before they are rounded to 16 bits, so values beyond the range of f16 are allowed.
    @Test
    void rowsBeyondTheGreatestHalfAreNormalisedAllTheSame() {
        try (var block = new Block(TensorType.F16, 3, 1e6)) {
            float[] separate = block.separately();
            float[] first = block.fused();     // the first fused run allocates sums of squares
            float[] fused = block.fused();

            assertThat(first).isEqualTo(separate);
            assertThat(fused).isEqualTo(separate);
            for (float value : block.heads()) {
                assertThat(Math.abs(value)).isGreaterThan(0).isLessThan(100);
            }
        }
    }

    /// The products of a transformer layer on an emulated device, without attention.
    private final class Block implements AutoCloseable {
        /// Launches besides products: two embeddings, a conversion to 16 bits, and an addition.
        static final int OTHERS = 4;

        final EmulatedDriver driver = EmulatedBackends.driver();
        final CudaBackend backend = new CudaBackend(driver);
        final int rows;
        final Cache cache;
        final StepPlan plan;
        final Weight table;
        final Weight toHeads;
        final Weight back;
        final Weight toInner;
        final Weight fromInner;
        final Norm norm;
        final Tensor in;
        final Tensor hidden;
        final Tensor normed;
        final Tensor heads;
        final Tensor inner;
        final Tensor activated;

        Block(TensorType type, int rows, double size) {
            this.rows = rows;
            table = backend.weight(Matrix.of(Role.EMBEDDING, floats(rows, HIDDEN, size)));
            toHeads = backend.weight(Matrix.of(Role.DOWN, matrix(type, 65, HIDDEN)));
            back = backend.weight(Matrix.of(Role.DOWN, matrix(type, HIDDEN, HIDDEN)));
            toInner = backend.weight(Matrix.of(Role.DOWN, matrix(type, 2 * INNER, HIDDEN)));
            fromInner = backend.weight(Matrix.of(Role.DOWN, matrix(TensorType.F16, HIDDEN, INNER)));
            norm = new Norm(NormKind.RMS, 1e-5f, backend.vector(floats(1, HIDDEN, 1)), null);
            in = backend.tensor(rows, HIDDEN);
            hidden = backend.tensor(rows, HIDDEN);
            normed = backend.tensor(rows, HIDDEN);
            heads = backend.tensor(rows, 65);
            inner = backend.tensor(rows, 2 * INNER);
            activated = backend.tensor(rows, INNER);
            cache = backend.cache(BackendCacheShapeBuilder.builder().layers(1).heads(1).kvHeads(1).headDim(16)
                    .vocabulary(64).blocks(8).blockTokens(16).slots(1).contextLength(128).latent(0).build());
            plan = new StepPlan(rows, 1);
            plan.admit(new Admission(0, new int[] {1}, 1, 0, SamplingParams.greedy(), new int[0]));
            step();
            begin();
            backend.end(plan);
        }

        private void step() {
            plan.beginSlice(0);
            for (int i = 0; i < rows; i++) {
                plan.addRow(i, i);
            }
        }

        private void begin() {
            backend.begin(plan, cache);
            plan.clear();
            step();
        }

        float[] separately() {
            begin();
            backend.embed(in, table, 1);
            backend.embed(hidden, table, 1);
            normalise();
            backend.project(heads, normed, rows, toHeads, null);
            backend.projectAdd(hidden, in, rows, back, null);
            backend.add(hidden, in, rows);
            normalise();
            backend.project(inner, normed, rows, toInner, null);
            backend.activate(activated, inner, rows, Activation.SILU, true);
            backend.projectAdd(hidden, activated, rows, fromInner, null);
            backend.end(plan);
            return results();
        }

        private void normalise() {
            backend.normalise(normed, hidden, rows, norm.kind(), norm.epsilon(), norm.weight(), norm.bias());
        }

        float[] fused() {
            begin();
            backend.embed(in, table, 1);
            backend.embed(hidden, table, 1);
            backend.projectNormalised(heads, hidden, normed, rows, norm, toHeads, null);
            backend.projectAdd(hidden, in, rows, back, null);
            backend.add(hidden, in, rows);
            backend.projectActivated(
                    activated, hidden, normed, inner, rows, norm, toInner, null, Activation.SILU, true);
            backend.projectAdd(hidden, activated, rows, fromInner, null);
            backend.end(plan);
            return results();
        }

        float[] heads() {
            return read(heads);
        }

        private float[] results() {
            var all = new float[rows * (65 + HIDDEN)];
            System.arraycopy(heads(), 0, all, 0, rows * 65);
            System.arraycopy(read(hidden), 0, all, rows * 65, rows * HIDDEN);
            return all;
        }

        private float[] read(Tensor tensor) {
            var values = new float[rows * tensor.columns()];
            backend.read(tensor, values);
            return values;
        }

        @Override
        public void close() {
            backend.close();
        }
    }

    private StoredTensor floats(int rows, int columns, double size) {
        var data = arena.allocate(4L * rows * columns, 64);
        for (int i = 0; i < rows * columns; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (size * random.nextGaussian()));
        }
        return new StoredTensor("floats", TensorType.F32, rows, columns, data.asReadOnly());
    }

    /// A matrix with random values: blocks of quantised types get a fixed scale and random bits, 16-bit types random
    /// numbers.
    private StoredTensor matrix(TensorType type, int rows, int columns) {
        var data = arena.allocate(rows * type.rowBytes(columns), 64);
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            float value = type.blockElements() == 1 ? (float) random.nextGaussian() / 10 : 0.002f;
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, type == TensorType.BF16
                    ? (short) (Float.floatToRawIntBits(value) >>> 16) : Float.floatToFloat16(value));
            for (int i = 2; i < type.blockBytes(); i++) {
                data.set(ValueLayout.JAVA_BYTE, at + i, (byte) random.nextInt(256));
            }
        }
        return new StoredTensor("matrix", type, rows, columns, data.asReadOnly());
    }
}
