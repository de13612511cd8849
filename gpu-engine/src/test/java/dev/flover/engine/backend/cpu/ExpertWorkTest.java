package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import dev.flover.engine.model.ModelConfigRoutingBuilder;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.Matrix.RowRange;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The products of all experts together have the bits of each expert's product alone.
class ExpertWorkTest {
    private static final long SEED = 5;
    private static final int INPUTS = 512;
    private static final int OUTPUTS = 53;
    private static final int CHOSEN = 2;

    static Stream<Arguments> cases() {
        var alike = List.of(TensorType.Q8_0, TensorType.Q8_0, TensorType.Q8_0, TensorType.Q8_0, TensorType.Q8_0);
        var mixed = List.of(TensorType.Q4_K, TensorType.Q4_K, TensorType.F16, TensorType.Q6_K, TensorType.Q4_K);
        return Stream.of("cpu", "cpu-java").flatMap(name -> Stream.of(alike, mixed)
                .flatMap(types -> Stream.of(1, 7, 40).map(rows -> Arguments.of(name, types, rows))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void productsOfAllExpertsHaveTheBitsOfEachAlone(String name, List<TensorType> types, int rows) {
        try (var backend = CpuBackends.open(name, 2)) {
            var experts = experts(backend, types);
            var routing = ModelConfigRoutingBuilder.builder().experts(types.size()).chosen(CHOSEN).width(OUTPUTS)
                    .sharedWidth(0).scoring(Scoring.SOFTMAX).normalised(false).scale(1).groups(1).chosenGroups(1)
                    .build();
            var random = new Random(SEED + rows);
            float[] scores = numbers(random, rows * types.size());
            for (int row = 0; row < rows; row++) {
                scores[row * types.size() + 1] = -100;      // no row chooses this expert
            }
            var routes = backend.routes(rows, routing);
            backend.route(routes, tensor(backend, scores, types.size()), rows, null);
            float[] in = numbers(random, rows * INPUTS);
            var out = backend.tensor(rows * CHOSEN, OUTPUTS);
            var bias = backend.vector(RandomTensor.of(TensorType.F32, INPUTS, 1));

            backend.projectExperts(out, tensor(backend, in, INPUTS), routes, false, experts, bias);

            float[] expected = oneByOne(backend, experts, scores, in, bias);
            assertThat(read(backend, out, rows * CHOSEN)).as("seed " + SEED).isEqualTo(expected);
        }
    }

    /// Experts of one random matrix for each type, of which each has other rows.
    private static List<Weight> experts(Backend backend, List<TensorType> types) {
        var experts = new ArrayList<Matrix>();
        for (var type : types) {
            var all = RandomTensor.of(type, INPUTS, types.size() * OUTPUTS);
            experts.add(new Matrix(Role.GATE_UP, List.of(new RowRange(all, experts.size() * OUTPUTS, OUTPUTS)), 1));
        }
        return backend.experts(experts);
    }

    /// Multiplies the rows that choose each expert, in ascending order, by this expert's matrix.
    private static float[] oneByOne(
            Backend backend, List<Weight> experts, float[] scores, float[] in, Backend.Vector bias) {
        var all = new ArrayList<float[]>();
        for (int expert = 0; expert < experts.size(); expert++) {
            var rows = new ArrayList<float[]>();
            for (int row = 0; row < in.length / INPUTS; row++) {
                if (rank(Arrays.copyOfRange(scores, row * experts.size(), (row + 1) * experts.size()), expert)
                        < CHOSEN) {
                    rows.add(Arrays.copyOfRange(in, row * INPUTS, (row + 1) * INPUTS));
                }
            }
            if (!rows.isEmpty()) {
                var out = backend.tensor(rows.size(), OUTPUTS);
                backend.project(out, tensor(backend, joined(rows), INPUTS), rows.size(), experts.get(expert), null);
                all.add(read(backend, out, rows.size()));
                float[] last = all.getLast();
                for (int i = 0; i < last.length; i++) {
                    last[i] += ((HostVector) bias).values()[expert * OUTPUTS + i % OUTPUTS];
                }
            }
        }
        return joined(all);
    }

    /// The number of greater scores.
    private static int rank(float[] scores, int expert) {
        int rank = 0;
        for (float score : scores) {
            rank += score > scores[expert] ? 1 : 0;
        }
        return rank;
    }

    private static float[] joined(List<float[]> parts) {
        var all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static float[] numbers(Random random, int count) {
        var numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private static Backend.Tensor tensor(Backend backend, float[] numbers, int columns) {
        var tensor = HostTensor.of(backend.tensor(numbers.length / columns, columns));
        for (int i = 0; i < numbers.length; i++) {
            tensor.memory().setAtIndex(ValueLayout.JAVA_FLOAT, i, numbers[i]);
        }
        return tensor;
    }

    private static float[] read(Backend backend, Backend.Tensor tensor, int rows) {
        var values = new float[rows * OUTPUTS];
        backend.read(tensor, values);
        return values;
    }
}
