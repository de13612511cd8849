package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import dev.flover.engine.model.ModelConfigRoutingBuilder;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Layers with experts give the numbers of the reference, and a row's bits do not depend on the other rows of the step.
class ExpertKernelsTest {
    private static final long SEED = 5;
    private static final int HIDDEN = 96;
    private static final int WIDTH = 64;
    private static final int MOST_ROWS = 150;

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(SEED);

    @AfterEach
    void free() {
        arena.close();
    }

    /// 30,000 rows with two experts are 60,000 places, but the launch would be for 32,768 rows.
    @Test
    void moreRowsThanALaunchCanHavePlacesForAreRefused() {
        var routing = ModelConfigRoutingBuilder.builder().experts(4).chosen(2).width(WIDTH).sharedWidth(0)
                .scoring(Scoring.SOFTMAX).normalised(true).scale(1).groups(1).chosenGroups(1).build();
        try (var backend = EmulatedBackends.open()) {
            assertThatThrownBy(() -> backend.routes(30_000, routing)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("with 2 experts a row the cuda backend computes at most 24576 rows in a step, found "
                            + "30000; use a smaller token budget");
            assertThatThrownBy(() -> backend.headRoutes(600, 128)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("with 128 heads of latent attention the cuda backend computes at most 384");
            assertThat(backend.routes(24_576, routing).chosen()).isEqualTo(2);
        }
    }

    /// Cases: few experts, so that one has more rows than a tile; many experts, most of which have no rows; groups of
    /// experts.
    @ParameterizedTest
    @CsvSource({"F32, 4, 2, 1, SOFTMAX, 2", "BF16, 4, 2, 1, SOFTMAX, 1", "F16, 40, 3, 1, SIGMOID, 2",
        "Q8_0, 8, 2, 4, SIGMOID, 2", "Q4_0, 3, 1, 1, SOFTMAX, 2"})
    void rowsGoToTheirExpertsWithTheSameBitsInEveryStep(
            TensorType type, int experts, int chosen, int groups, Scoring scoring, int shards) {
        var routing = ModelConfigRoutingBuilder.builder().experts(experts).chosen(chosen).width(WIDTH)
                .sharedWidth(0).scoring(scoring).normalised(true).scale(1.5f).groups(groups)
                .chosenGroups(Math.max(1, groups / 2)).build();
        var layer = ExpertKernelsTestLayerBuilder.builder().routing(routing).rows(floats(MOST_ROWS, HIDDEN))
                .scores(floats(MOST_ROWS, experts)).correction(floats(1, experts))
                .in(IntStream.range(0, experts).mapToObj(i -> matrix(type, 2 * WIDTH, HIDDEN)).toList())
                .inBias(floats(1, experts * 2 * WIDTH))
                .out(IntStream.range(0, experts).mapToObj(i -> matrix(type, HIDDEN, WIDTH)).toList())
                .shards(shards).gates(floats(MOST_ROWS, 1)).build();
        float[] expected = compute(new ReferenceBackend(), layer, MOST_ROWS);
        float[] first = compute(emulated(3), layer, MOST_ROWS);

        double limit = type == TensorType.F32 ? 1e-5 : type.blockElements() > 1 ? 3e-2 : 1e-2;
        assertThat(relativeError(expected, first)).as("seed " + SEED).isLessThan(limit);
        for (int multiprocessors : new int[] {1, 50}) {
            for (int rows : new int[] {1, 9, 40}) {
                assertThat(compute(emulated(multiprocessors), layer, rows))
                        .as("%d rows, %d multiprocessors, seed %d", rows, multiprocessors, SEED)
                        .isEqualTo(Arrays.copyOf(first, rows * HIDDEN));
            }
        }
    }

    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    record Layer(
            Routing routing, StoredTensor rows, StoredTensor scores, StoredTensor correction,
            List<StoredTensor> in, StoredTensor inBias, List<StoredTensor> out, int shards,
            StoredTensor gates) {}

    private static Backend emulated(int multiprocessors) {
        return new CudaBackend(EmulatedBackends.driver(multiprocessors));
    }

    private static float[] compute(Backend backend, Layer layer, int rows) {
        try (backend) {
            int chosen = layer.routing.chosen();
            var hidden = backend.tensor(MOST_ROWS, HIDDEN);
            var normed = backend.tensor(MOST_ROWS, HIDDEN);
            var scores = backend.tensor(MOST_ROWS, layer.routing.experts());
            var inner = backend.tensor(MOST_ROWS * chosen, 2 * WIDTH);
            var activated = backend.tensor(MOST_ROWS * chosen, WIDTH);
            var joining = backend.tensor(MOST_ROWS * chosen, HIDDEN);
            var in = backend.experts(layer.in.stream()
                    .map(each -> Matrix.of(Role.GATE_UP, each)).toList());
            var out = backend.experts(layer.out.stream()
                    .map(each -> Matrix.of(Role.DOWN, each).withShards(layer.shards)).toList());
            var routes = backend.routes(MOST_ROWS, layer.routing);
            var cache = backend.cache(BackendCacheShapeBuilder.builder().layers(1).heads(1).kvHeads(1).headDim(16)
                    .vocabulary(8).blocks(64).blockTokens(16).slots(1).contextLength(1024).latent(0).build());
            var numbers = backend.weight(Matrix.of(Role.EMBEDDING, layer.rows));
            var scored = backend.weight(Matrix.of(Role.EMBEDDING, layer.scores));
            var gate = backend.tensor(MOST_ROWS, 1);
            var gates = backend.weight(Matrix.of(Role.EMBEDDING, layer.gates));
            var plan = plan(rows);
            backend.begin(plan, cache);
            backend.embed(hidden, numbers, 1);
            backend.embed(normed, numbers, 1);
            backend.embed(scores, scored, 1);
            backend.embed(gate, gates, 1);
            backend.route(routes, scores, rows, backend.vector(layer.correction));
            backend.projectExperts(inner, normed, routes, false, in, backend.vector(layer.inBias));
            backend.activate(activated, inner, rows * chosen, Activation.SILU, true);
            backend.projectExperts(joining, activated, routes, true, out, null);
            backend.addExperts(hidden, joining, routes, rows);
            backend.scaleRows(hidden, gate, rows);
            backend.end(plan);
            var values = new float[rows * HIDDEN];
            backend.read(hidden, values);
            return values;
        }
    }

    private static StepPlan plan(int rows) {
        var plan = new StepPlan(MOST_ROWS, 1);
        plan.admit(new Admission(0, new int[] {1}, 1, 0, SamplingParams.greedy(), new int[0]));
        for (int block = 0; block * 16 < rows; block++) {
            plan.setBlock(0, block, block);
        }
        plan.beginSlice(0);
        for (int row = 0; row < rows; row++) {
            plan.addRow(row, row);
        }
        return plan;
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

    /// A matrix with random values: blocks of quantised types get a fixed scale and random bits, BF16 random numbers.
    private StoredTensor matrix(TensorType type, int rows, int columns) {
        if (type == TensorType.F32) {
            return floats(rows, columns);
        }
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
