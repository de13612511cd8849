package dev.flover.engine.selftest;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Attention;
import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.Backend.HeadPlace;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// Compares each operation on the backend with the same operation on the reference backend, from the same pseudo-random
/// numbers. Output tensors are filled with NaN beforehand, so that a value that is not written is found.
///
/// Activations are rows of a random table, loaded by the operation `embed`, which is exact; so both backends begin with
/// equal numbers.
final class OperationChecks {
    /// The rows of the table of random activations.
    private static final int TABLE_ROWS = 331;

    private final Supplier<Backend> backends;
    private final long seed;
    private final boolean full;
    private final Consumer<Check> report;

    OperationChecks(Supplier<Backend> backends, long seed, SelfTest.Size size, Consumer<Check> report) {
        this.backends = backends;
        this.seed = seed;
        full = size == SelfTest.Size.FULL;
        this.report = report;
    }

    /// The computation of a check, which runs on either backend in one step and returns the numbers to compare.
    private interface Computation {
        float[] on(Bench bench);
    }

    /// A backend with the plan of one step over `rows` rows of a slot, and random tensors.
    private record Bench(Backend backend, RandomTensors tensors, StepPlan plan, Cache cache, int rows) {
        /// A tensor of random activations, [rows, columns].
        Tensor activations(int columns) {
            var tensor = backend.tensor(rows, columns);
            fill(tensor, Matrix.of(Role.EMBEDDING, tensors.matrix(TensorType.F32, TABLE_ROWS, columns, 1)));
            return tensor;
        }

        /// A tensor of NaN, [rows, columns].
        Tensor poisoned(int columns) {
            var tensor = backend.tensor(rows, columns);
            int[] tokens = Arrays.copyOf(plan.tokenIds, rows);
            Arrays.fill(plan.tokenIds, 0, rows, 0);
            fill(tensor, Matrix.of(Role.EMBEDDING, tensors.poison(columns)));
            System.arraycopy(tokens, 0, plan.tokenIds, 0, rows);
            return tensor;
        }

        void fill(Tensor tensor, Matrix table) {
            var weight = backend.weight(table);
            backend.begin(plan, cache);
            backend.embed(tensor, weight, 1);
            backend.end(plan);
        }

        /// A random matrix, scaled so that products have the magnitude of the inputs.
        Weight weight(TensorType type, int outputs, int inputs, int shards) {
            var numbers = tensors.matrix(type, outputs, inputs, 1 / Math.sqrt(inputs));
            return backend.weight(Matrix.of(Role.DOWN, numbers).withShards(shards));
        }

        float[] read(Tensor tensor) {
            var values = new float[rows * tensor.columns()];
            backend.read(tensor, values);
            return values;
        }

        /// The values of both tensors, one behind the other.
        float[] read(Tensor first, Tensor second) {
            var values = Arrays.copyOf(read(first), rows * (first.columns() + second.columns()));
            System.arraycopy(read(second), 0, values, rows * first.columns(), rows * second.columns());
            return values;
        }
    }

    void run() {
        for (var type : new TensorType[] {
            TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0
        }) {
            products(type);
            chains(type);
            attention(type);
            latents(type);
        }
        copies();
        norms();
        activations();
        new DrawChecks(backends, seed, full, report).run();
    }

    /// Checks attention over copied blocks whose originals were overwritten.
    private void copies() {
        int positions = 3 * 16 + 5;
        var shape = BackendCacheShapeBuilder.builder().layers(2).heads(4).kvHeads(2).headDim(16).vocabulary(64)
                .blocks(16).blockTokens(16).slots(2).contextLength(256).latent(0).build();
        compare("attention over copied blocks", positions, 3 * tolerance(TensorType.F16), shape, TensorType.F16,
                bench -> {
                    var all = bench.activations(8 * 16);
                    var out = bench.poisoned(4 * 16);
                    bench.backend.begin(bench.plan, bench.cache);
                    bench.backend.appendKeysAndValues(all, bench.cache, 1, null, null, null, 1e-5f);
                    bench.backend.appendKeysAndValues(all, bench.cache, 0, null, null, null, 1e-5f);
                    bench.backend.end(bench.plan);
                    for (int i = 0; i * 16 < positions; i++) {
                        int block = bench.plan.editBlocks[i];
                        bench.backend.copyBlock(bench.cache, block, block + 1);
                        bench.backend.copyBlock(bench.cache, 0, block);
                        bench.plan.editBlocks[i] = block + 1;
                    }
                    bench.backend.begin(bench.plan, bench.cache);
                    bench.backend.attention(out, all, bench.cache, new Attention(1, 0, 0.25f, 0, null));
                    bench.backend.end(bench.plan);
                    return bench.read(out);
                });
    }

    private void products(TensorType type) {
        int[][] shapes = full
                ? new int[][] {{32, 64, 1}, {97, 96, 1}, {33, 384, 2}, {200, 1376, 1}, {256, 4096, 8}, {4096, 512, 4}}
                : new int[][] {{97, 96, 1}, {33, 384, 4}};
        int[] rowCounts = full ? new int[] {1, 2, 7, 8, 9, 31, 64, 65, 130, 300} : new int[] {1, 9, 70};
        for (int[] shape : shapes) {
            for (int rows : rowCounts) {
                product(type, shape[0], shape[1], shape[2], rows);
            }
        }
    }

    private void product(TensorType type, int outputs, int inputs, int shards, int rows) {
        compare("%s [%d, %d] in %d shards, %d rows".formatted(type, outputs, inputs, shards, rows), rows,
                tolerance(type), bench -> {
                    var tensors = bench.tensors;
                    var in = bench.activations(inputs);
                    var out = bench.poisoned(outputs);
                    var weight = bench.weight(type, outputs, inputs, shards);
                    var bias = bench.backend.vector(tensors.vector(outputs, 0, 0.5));
                    bench.backend.begin(bench.plan, bench.cache);
                    bench.backend.project(out, in, rows, weight, bias);
                    bench.backend.projectAdd(out, in, rows, weight, null);
                    bench.backend.end(bench.plan);
                    return bench.read(out);
                });
    }

    /// Checks the norms and products of a block in sequence, which a device may fuse into fewer launches.
    private void chains(TensorType type) {
        int[] rowCounts = full ? new int[] {1, 7, 8, 9, 16, 17, 70, 130} : new int[] {1, 11, 17};
        int aligned = full ? 384 : 96;
        for (int rows : rowCounts) {
            chain(type, aligned, 64, NormKind.RMS, Activation.SILU, true, rows);
        }
        if (type != TensorType.F16 && !full) {
            return;
        }
        boolean blocks = type.blockElements() > 1;
        chain(type, blocks ? 288 : 300, blocks ? 96 : 72, NormKind.RMS, Activation.GELU_TANH, false, 9);
        chain(type, blocks ? 160 : 98, blocks ? 32 : 40, NormKind.RMS, Activation.GELU_ERF, true, 3);
        chain(type, aligned, 64, NormKind.LAYER, Activation.GELU_TANH, true, 5);
    }

    /// Runs the sequence of operations twice, because a backend may decide during the first run what it fuses.
    private void chain(
            TensorType type, int hidden, int inner, NormKind kind, Activation activation, boolean gated, int rows) {
        compare("%s %s norm of %d, products, %s of %d%s, %d rows".formatted(
                type, kind, hidden, activation, inner, gated ? ", gated" : "", rows), rows, 3 * tolerance(type),
                bench -> {
                    var backend = bench.backend;
                    var in = bench.activations(hidden);
                    var stream = bench.activations(hidden);
                    var normed = bench.poisoned(hidden);
                    var heads = bench.poisoned(97);
                    var products = bench.poisoned(gated ? 2 * inner : inner);
                    var activated = bench.poisoned(inner);
                    var back = bench.weight(type, hidden, hidden, 2);
                    var toHeads = bench.weight(type, 97, hidden, 1);
                    var bias = backend.vector(bench.tensors.vector(97, 0, 0.5));
                    var toInner = bench.weight(type, products.columns(), hidden, 1);
                    var innerBias = backend.vector(bench.tensors.vector(products.columns(), 0, 0.5));
                    var fromInner = bench.weight(type, hidden, inner, 1);
                    var norm = new Norm(kind, 1e-5f, backend.vector(bench.tensors.vector(hidden, 1, 0.2)),
                            kind == NormKind.LAYER ? backend.vector(bench.tensors.vector(hidden, 0, 1)) : null);
                    for (int layer = 0; layer < 2; layer++) {
                        backend.begin(bench.plan, bench.cache);
                        backend.projectNormalised(heads, stream, normed, rows, norm, toHeads, bias);
                        backend.projectAdd(stream, in, rows, back, null);
                        backend.projectActivated(activated, stream, normed, products, rows, norm, toInner, innerBias,
                                activation, gated);
                        backend.projectAdd(stream, activated, rows, fromInner, null);
                        backend.end(bench.plan);
                    }
                    return bench.read(heads, stream);
                });
    }

    /// The tolerance of one product. Operands lose up to half a unit in the last place: 2^-24 for f32, 2^-11 for f16,
    /// 2^-9 for bf16, and 2^-8 of the largest value in a block where a backend multiplies 8-bit integers.
    private static double tolerance(TensorType type) {
        return switch (type) {
            case F32 -> 2e-6;
            case F16, BF16 -> 8e-3;
            default -> 2e-2;
        };
    }

    private void norms() {
        for (int width : new int[] {16, 33, 64, 1000}) {
            for (var kind : NormKind.values()) {
                compare(kind + " norm of " + width, 5, 1e-5, bench -> {
                    var in = bench.activations(width * 3);
                    var out = bench.poisoned(width * 3);
                    var weight = bench.backend.vector(bench.tensors.vector(width, 1, 0.2));
                    var bias = kind == NormKind.LAYER ? bench.backend.vector(bench.tensors.vector(width, 0, 1)) : null;
                    bench.backend.begin(bench.plan, bench.cache);
                    bench.backend.normalise(out, in, 5, kind, 1e-5f, weight, bias);
                    bench.backend.end(bench.plan);
                    return bench.read(out);
                });
            }
        }
    }

    private void activations() {
        for (var activation : Activation.values()) {
            for (boolean gated : new boolean[] {false, true}) {
                compare(activation + (gated ? ", gated" : ""), 3, 1e-5, bench -> {
                    int width = 301;
                    var in = bench.activations(gated ? 2 * width : width);
                    var out = bench.poisoned(width);
                    var hidden = bench.activations(width);
                    bench.backend.begin(bench.plan, bench.cache);
                    bench.backend.activate(out, in, 3, activation, gated);
                    bench.backend.add(hidden, out, 3);
                    bench.backend.end(bench.plan);
                    return bench.read(hidden);
                });
            }
        }
    }

    private void attention(TensorType type) {
        record Shape(int heads, int kvHeads, int headDim, int positions, int window, float softCap) {}
        var shapes = full
                ? new Shape[] {
                    new Shape(4, 2, 16, 40, 0, 0), new Shape(8, 1, 80, 300, 0, 0), new Shape(3, 3, 64, 300, 17, 0),
                    new Shape(32, 8, 128, 300, 0, 0), new Shape(8, 4, 256, 290, 260, 30),
                    new Shape(34, 2, 32, 280, 0, 0), new Shape(7, 1, 128, 300, 0, 0)
                }
                : new Shape[] {new Shape(4, 2, 16, 40, 0, 0), new Shape(3, 1, 80, 266, 11, 30)};
        for (var shape : shapes) {
            var cacheShape = BackendCacheShapeBuilder.builder().layers(2).heads(shape.heads)
                    .kvHeads(shape.kvHeads).headDim(shape.headDim).vocabulary(64).blocks(64).blockTokens(16)
                    .slots(2).contextLength(512).latent(0).build();
            var name = "%s attention of %d heads on %d of %d, %d positions, window %d".formatted(
                    type, shape.heads, shape.kvHeads, shape.headDim, shape.positions, shape.window);
            compare(name, shape.positions, 3 * tolerance(type), cacheShape, type, bench -> {
                int width = (shape.heads + 2 * shape.kvHeads) * shape.headDim;
                var all = bench.activations(width);
                var out = bench.poisoned(shape.heads * shape.headDim);
                var rotary = RandomModels.rotary(shape.headDim / 4 * 2, Rotary.Pairing.HALVES);
                var norm = bench.backend.vector(bench.tensors.vector(shape.headDim, 1, 0.2));
                bench.backend.begin(bench.plan, bench.cache);
                bench.backend.appendKeysAndValues(all, bench.cache, 1, rotary, norm, null, 1e-5f);
                var sinks = shape.window > 0 ? bench.backend.vector(bench.tensors.vector(shape.heads, 0, 2)) : null;
                bench.backend.attention(out, all, bench.cache, new Attention(
                        1, shape.window, (float) (1 / Math.sqrt(shape.headDim)), shape.softCap, sinks));
                bench.backend.end(bench.plan);
                return bench.read(out);
            });
        }
    }

    /// Checks attention over latent vectors, which are a part of the keys, and products with a matrix for each head.
    private void latents(TensorType type) {
        int heads = 6;
        int rank = 64;
        int turned = 16;
        int valueDim = 32;
        int positions = full ? 290 : 70;
        var shape = BackendCacheShapeBuilder.builder().layers(2).heads(heads).kvHeads(1).headDim(turned + rank)
                .vocabulary(64).blocks(64).blockTokens(16).slots(2).contextLength(512).latent(rank).build();
        compare("%s latent attention, %d positions".formatted(type, positions), positions, 4 * tolerance(type), shape,
                type, bench -> {
                    var backend = bench.backend;
                    var row = bench.activations((heads + 1) * (turned + rank));
                    var sums = bench.poisoned(heads * rank);
                    var out = bench.poisoned(heads * valueDim);
                    var apart = backend.tensor(positions * heads, rank);
                    var values = backend.tensor(positions * heads, valueDim);
                    var up = backend.experts(IntStream.range(0, heads).mapToObj(head -> Matrix.of(
                            Role.LATENT_UP, bench.tensors.matrix(type, valueDim, rank, 0.2))).toList());
                    var routes = backend.headRoutes(positions, heads);
                    var rotary = RandomModels.rotary(turned, Rotary.Pairing.ADJACENT);
                    backend.begin(bench.plan, bench.cache);
                    backend.routeToHeads(routes, positions);
                    backend.appendKeysAndValues(row, bench.cache, 1, rotary, null, null, 1e-5f);
                    backend.attention(sums, row, bench.cache, new Attention(1, 0, 0.2f, 0, null));
                    backend.copyHeads(apart, HeadPlace.APART, sums, new HeadPlace(rank, 0), heads, rank, positions);
                    backend.projectExperts(values, apart, routes, true, up, null);
                    backend.copyHeads(
                            out, new HeadPlace(valueDim, 0), values, HeadPlace.APART, heads, valueDim, positions);
                    backend.end(bench.plan);
                    return bench.read(out);
                });
    }

    /// Checks every sampling rule on equal logits. The drawn tokens must be equal.
    // Comparing a backend with the reference

    private void compare(String name, int rows, double tolerance, Computation computation) {
        var shape = BackendCacheShapeBuilder.builder().layers(1).heads(1).kvHeads(1).headDim(16).vocabulary(64)
                .blocks(32).blockTokens(16).slots(2).contextLength(512).latent(0).build();
        compare(name, rows, tolerance, shape, TensorType.F32, computation);
    }

    private void compare(
            String name, int rows, double tolerance, CacheShape shape, TensorType type, Computation computation) {
        float[] expected = compute(new ReferenceBackend(), rows, shape, type, computation);
        float[] found = compute(backends.get(), rows, shape, type, computation);
        report.accept(Check.within(name, relativeError(expected, found), tolerance));
    }

    private float[] compute(Backend backend, int rows, CacheShape shape, TensorType type, Computation computation) {
        try (backend; var arena = Arena.ofShared()) {
            var tensors = new RandomTensors(seed, arena);
            var cache = cacheAfter(backend, tensors, type, shape);
            var plan = new StepPlan(Math.max(rows, 1), shape.slots());
            plan.admit(new Admission(1, new int[] {1}, 1, 0, SamplingParams.greedy(), new int[0]));
            for (int i = 0; i * shape.blockTokens() < rows; i++) {
                plan.setBlock(1, i, (i * 7 + 3) % shape.blocks());
            }
            plan.beginSlice(1);
            for (int i = 0; i < rows; i++) {
                plan.addRow((i * 13 + 5) % TABLE_ROWS, i);
            }
            return computation.on(new Bench(backend, tensors, plan, cache, rows));
        }
    }

    /// A cache as a model with weights of this type would have it; some backends choose the cache's precision by the
    /// type.
    static Cache cacheAfter(Backend backend, RandomTensors tensors, TensorType type, CacheShape shape) {
        StoredTensor weights = tensors.matrix(type, 32, 64, 1);
        backend.weight(Matrix.of(Role.GATE_UP, weights));
        return backend.cache(shape);
    }

    /// The relative error |found - expected| / |expected| in the Euclidean norm.
    private static double relativeError(float[] expected, float[] found) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) found[i] - expected[i], 2);
            length += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / length);
    }
}
