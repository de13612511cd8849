package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.HostMemory;
import dev.flover.engine.backend.HostRoutes;
import dev.flover.engine.backend.KernelNumbers;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.WeightFolder;
import dev.flover.engine.backend.cpu.PackedWeight.FloatPart;
import dev.flover.engine.backend.cpu.kernels.CacheForm;
import dev.flover.engine.backend.cpu.kernels.FloatForm;
import dev.flover.engine.backend.cpu.kernels.KernelPasses;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import dev.flover.engine.backend.cpu.kernels.PagedCache;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.sampling.Sampler;
import dev.flover.engine.sharding.ShardMemory;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The backend for machines without a GPU. Every verb computes before it returns, on a few threads that share its
/// tiles.
///
/// Verbs that process row by row are subclasses of [RowWork]; matrix products are in [Projection], attention is in
/// [AttentionWork], and the arithmetic of all of them is in [Kernels]. A step allocates nothing after the buffers have
/// grown to their final sizes.
final class CpuBackend implements Backend {
    /// The name of the arithmetic of all implementations of [Kernels], which give the same bits.
    private static final String ARITHMETIC = "cpu-3";
    /// Added to that name if keys and values are bytes, and if activations are rounded to bf16 for weights in bf16.
    private static final String WITH_BYTES = "-kv8";
    private static final String WITH_BF16 = "-bf16";
    /// How long to wait for another process that writes packed weights and does not go on.
    private static final long PATIENCE_MS = 30_000;

    private final Kernels kernels;
    private final Workers workers;
    private final Arena arena = Arena.ofShared();
    private final SegmentAllocator memory;
    private final Packer packer;
    private final Projection projection;
    private final AttentionWork attention;
    private final Embedding embedding;
    private final Normalisation normalisation;
    private final PartNormalisation partNormalisation;
    private final Append append;
    private final ActivationWork activation;
    private final Sampling sampling;
    private final ExpertWork expertWork;
    private final HeadCopies headCopies;
    private final JoinWork joinWork;
    private final Map<Matrix, PackedWeight> packed = new IdentityHashMap<>();
    private final List<RotaryTable> rotaryTables = new ArrayList<>();
    private @Nullable KeptWeights kept;
    private StepPlan plan;
    private PagedCache cache;
    private boolean inBytes;
    private boolean hasBf16;
    /// The number of engines of this process on this host.
    private int engines = 1;

    /// @param workers the threads, which end when the backend is closed
    CpuBackend(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
        memory = kernels.memory(arena);
        packer = new Packer(workers, kernels, memory);
        projection = new Projection(kernels, workers, memory);
        attention = new AttentionWork(kernels, workers, memory);
        embedding = new Embedding();
        normalisation = new Normalisation();
        partNormalisation = new PartNormalisation();
        append = new Append();
        activation = new ActivationWork();
        sampling = new Sampling();
        expertWork = new ExpertWork(workers, projection, memory);
        headCopies = new HeadCopies(workers, kernels);
        joinWork = new JoinWork(workers, kernels, memory);
    }

    @Override
    public String name() {
        return kernels.name();
    }

    @Override
    public String arithmetic() {
        return ARITHMETIC + (inBytes ? WITH_BYTES : "") + (hasBf16 ? WITH_BF16 : "");
    }

    @Override
    public Tensor tensor(int rows, int columns) {
        return new HostTensor(rows, columns, memory.allocate(4L * rows * columns + 64));
    }

    @Override
    public Weight weight(Matrix matrix) {
        var weight = packed.computeIfAbsent(matrix, each -> kept == null ? packer.pack(each, memory)
                : kept.weight(each, packer, kernels, memory));
        hasBf16 |= weight.parts().stream()
                .anyMatch(part -> part instanceof FloatPart floats && floats.form() == FloatForm.BF16);
        return weight;
    }

    @Override
    public void keepWeights(WeightFolder folder) {
        kept = KeptWeights.open(folder, workers, arena, PATIENCE_MS);
    }

    @Override
    public Optional<String> keptWeights() {
        return Optional.ofNullable(kept).map(KeptWeights::describe);
    }

    @Override
    public Weight table(Matrix matrix) {
        return new PackedWeight(matrix, List.of());
    }

    @Override
    public Vector vector(StoredTensor values) {
        int length = Math.multiplyExact(values.rows(), values.columns());
        var vector = memory.allocate(4L * Kernels.padded(length) + 64);
        var floats = new float[length];
        Dequantiser.toFloats(values, 0, floats, 0, length);
        MemorySegment.copy(floats, 0, vector, ValueLayout.JAVA_FLOAT, 0, length);
        return new HostVector(length, vector, floats);
    }

    @Override
    public Cache cache(CacheShape shape) {
        if (kept != null) {
            kept.complete(); // all weights are loaded before the cache is made
        }
        sampling.prepare(shape.vocabulary());
        return new PagedCache(shape, cacheForm(), memory);
    }

    @Override
    public int blocksThatFit(CacheShape shape, int sharing) {
        return HostMemory.blocksOfBytes(shape, PagedCache.layerBytes(shape, cacheForm()), sharing * engines);
    }

    @Override
    public ShardMemory.Place memory() {
        return HostMemory.place(kept == null ? engines : 1); // all engines map the same kept weights
    }

    @Override
    public void shareHostWith(int engines) {
        this.engines = engines;
    }

    @Override
    public void cacheInBytes() {
        inBytes = true;
    }

    /// The number format of keys and values: bytes if they were chosen, else f32 if all weights are f32, otherwise f16.
    private CacheForm cacheForm() {
        if (inBytes) {
            return CacheForm.BYTE;
        }
        for (var matrix : packed.keySet()) {
            for (var range : matrix.ranges()) {
                if (range.tensor().type() != TensorType.F32) {
                    return CacheForm.HALF;
                }
            }
        }
        return CacheForm.SINGLE;
    }

    @Override
    public void copyBlock(Cache cache, int from, int to) {
        PagedCache.of(cache).copyBlock(from, to);
    }

    @Override
    @Prepares
    public void begin(StepPlan plan, Cache cache) {
        this.plan = plan;
        this.cache = PagedCache.of(cache);
        this.cache.slots.apply(plan);
        attention.begin(plan, this.cache);
    }

    @Override
    public void embed(Tensor out, Weight embedding, float scale) {
        this.embedding.run(HostTensor.of(out), PackedWeight.of(embedding), scale, false);
    }

    @Override
    public void addPositions(Tensor hidden, Weight positions) {
        embedding.run(HostTensor.of(hidden), PackedWeight.of(positions), 1, true);
    }

    @Override
    public void normalise(
            Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, @Nullable Vector bias) {
        normalisation.width = weight.length();
        normalisation.centred = KernelNumbers.isCentred(kind);
        normalisation.epsilon = epsilon;
        normalisation.weight = HostVector.address(weight);
        normalisation.bias = HostVector.address(bias);
        normalisation.run(HostTensor.of(out), HostTensor.of(in), rows);
    }

    @Override
    public void normaliseColumns(
            Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight) {
        partNormalisation.column = column;
        partNormalisation.centred = KernelNumbers.isCentred(kind);
        partNormalisation.epsilon = epsilon;
        partNormalisation.run(HostTensor.of(tensor), weight, rows);
    }

    @Override
    public void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling) {
        var memory = HostTensor.of(queryKeyValue).memory();
        for (int row = 0; row < plan.rows(); row++) {
            float factor = (float) scaling.factor(plan.positions[row]);
            long at = 4L * row * queryKeyValue.columns();
            for (int i = 0; factor != 1 && i < width; i++, at += 4) {
                memory.set(ValueLayout.JAVA_FLOAT, at, memory.get(ValueLayout.JAVA_FLOAT, at) * factor);
            }
        }
    }

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        projection.run(HostTensor.of(out), HostTensor.of(in), rows, PackedWeight.of(weight),
                HostVector.address(bias), false);
    }

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        projection.run(HostTensor.of(hidden), HostTensor.of(in), rows, PackedWeight.of(weight),
                HostVector.address(bias), true);
    }

    @Override
    public void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, @Nullable Rotary rotary,
            @Nullable Vector queryNorm, @Nullable Vector keyNorm, float epsilon) {
        append.layer = layer;
        append.table = rotary == null ? null : rotaryTable(rotary);
        append.queryNorm = HostVector.address(queryNorm);
        append.keyNorm = HostVector.address(keyNorm);
        append.epsilon = epsilon;
        append.run(HostTensor.of(queryKeyValue), plan.rows());
    }

    /// The table of sines and cosines for `rotary`, filled for all positions of this step.
    private RotaryTable rotaryTable(Rotary rotary) {
        RotaryTable found = null;
        for (int i = 0; i < rotaryTables.size() && found == null; i++) {
            var table = rotaryTables.get(i);
            found = table.rotary == rotary || table.rotary.equals(rotary) ? table : null;
        }
        if (found == null) {
            found = new RotaryTable(rotary, cache.shape().contextLength(), memory);
            rotaryTables.add(found);
        }
        for (int row = 0; row < plan.rows(); row++) {
            found.reach(plan.turns[row]);
        }
        return found;
    }

    @Override
    public void attention(Tensor out, Tensor queryKeyValue, Cache cache, Attention attention) {
        this.attention.run(HostTensor.of(out), HostTensor.of(queryKeyValue), attention);
    }

    @Override
    public void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated) {
        this.activation.run(HostTensor.of(out), HostTensor.of(in), rows, activation, gated);
    }

    @Override
    public Routes routes(int rows, Routing routing) {
        return new HostRoutes(rows, routing);
    }

    @Override
    public void route(Routes routes, Tensor scores, int rows, @Nullable Vector correction) {
        float[] corrections = correction == null ? null : ((HostVector) correction).values();
        ExpertWork.route((HostRoutes) routes, HostTensor.of(scores), rows, corrections);
    }

    @Override
    public void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> experts, @Nullable Vector bias) {
        expertWork.project(HostTensor.of(out), HostTensor.of(in), (HostRoutes) routes, routed, experts,
                HostVector.address(bias));
    }

    @Override
    public void addExperts(Tensor hidden, Tensor in, Routes routes, int rows) {
        expertWork.add(HostTensor.of(hidden), HostTensor.of(in), (HostRoutes) routes, rows);
    }

    @Override
    public Routes headRoutes(int rows, int heads) {
        return HostRoutes.ofHeads(rows, heads);
    }

    @Override
    public void routeToHeads(Routes routes, int rows) {
        ((HostRoutes) routes).routeToAll(rows);
    }

    @Override
    public void copyHeads(Tensor out, HeadPlace to, Tensor in, HeadPlace from, int heads, int width, int rows) {
        headCopies.run(HostTensor.of(out), to, HostTensor.of(in), from, heads, width, rows);
    }

    @Override
    public void scaleRows(Tensor tensor, Tensor scores, int rows) {
        ExpertWork.scaleRows(HostTensor.of(tensor), HostTensor.of(scores), rows);
    }

    @Override
    public void add(Tensor hidden, Tensor delta, int rows) {
        kernels.put(HostTensor.of(hidden).address(), hidden.columns(), HostTensor.of(delta).address(), delta.columns(),
                rows, hidden.columns(), true);
    }

    @Override
    public void gatherSampling(Tensor out, Tensor hidden) {
        var to = HostTensor.of(out);
        var from = HostTensor.of(hidden);
        long rowBytes = 4L * hidden.columns();
        for (int i = 0; i < plan.samples(); i++) {
            MemorySegment.copy(from.memory(), plan.sampleRows[i] * rowBytes, to.memory(), i * rowBytes, rowBytes);
        }
    }

    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        sampling.run(HostTensor.of(logits), softCap, plan.samples());
    }

    @Override
    public void follow(Cache cache) {
        PagedCache.of(cache).slots.follow();
    }

    @Override
    public void takeDraws(Cache cache) {
        this.cache.slots.takeDraws(plan);
    }

    @Override
    public void join(Tensor out, List<Tensor> parts, int rows, @Nullable Vector bias, boolean accumulate) {
        joinWork.run(HostTensor.of(out), parts, rows, HostVector.address(bias), accumulate);
    }

    @Override
    public void addExpertBiases(Tensor out, Routes routes, Vector bias) {
        JoinWork.addBiases(kernels, HostTensor.of(out), (HostRoutes) routes, HostVector.address(bias));
    }

    @Override
    public void read(Tensor tensor, float[] to) {
        MemorySegment.copy(HostTensor.of(tensor).memory(), ValueLayout.JAVA_FLOAT, 0, to, 0, to.length);
    }

    @Override
    public void end(StepPlan plan) {}

    @Override
    public void close() {
        workers.close();
        if (kept != null) {
            kept.close();
        }
        arena.close();
    }

    private final class Embedding extends RowWork {
        private final float[][] rows = new float[workers.count()][0];
        private HostTensor out;
        private PackedWeight weight;
        private float scale;
        private boolean positions;

        Embedding() {
            super(workers);
        }

        /// @param positions true to look a row up by its position and add it to `out`, false to look it up by its token
        ///     and overwrite `out`
        @Prepares
        void run(HostTensor out, PackedWeight weight, float scale, boolean positions) {
            this.out = out;
            this.weight = weight;
            this.scale = scale;
            this.positions = positions;
            for (int worker = 0; worker < rows.length; worker++) {
                if (rows[worker].length < weight.inputs()) {
                    rows[worker] = new float[weight.inputs()];
                }
            }
            share(plan.rows(), weight.inputs());
        }

        @Override
        void rows(int first, int count, int worker) {
            for (int row = first; row < first + count; row++) {
                weight.matrix().readRow(positions ? plan.positions[row] : token(row), rows[worker]);
                long at = 4L * row * weight.inputs();
                for (int i = 0; i < weight.inputs(); i++, at += 4) {
                    float value = rows[worker][i] * scale;
                    out.memory().set(ValueLayout.JAVA_FLOAT, at,
                            positions ? out.memory().get(ValueLayout.JAVA_FLOAT, at) + value : value);
                }
            }
        }

        private int token(int row) {
            int token = plan.tokenIds[row];
            return token == StepPlan.NEWEST ? cache.slots.newest(plan.rowSlots[row]) : token;
        }
    }

    private final class Normalisation extends RowWork {
        private HostTensor out;
        private HostTensor in;
        private int width;
        private boolean centred;
        private float epsilon;
        private long weight;
        private long bias;

        Normalisation() {
            super(workers);
        }

        @Prepares
        void run(HostTensor out, HostTensor in, int rows) {
            this.out = out;
            this.in = in;
            share(rows, in.columns());
        }

        @Override
        void rows(int first, int count, int worker) {
            kernels.normalise(out.row(first), in.row(first), count * (in.columns() / width), width, centred, epsilon,
                    weight, bias);
        }
    }

    private final class PartNormalisation extends RowWork {
        private HostTensor tensor;
        private int column;
        private boolean centred;
        private float epsilon;
        private Vector weight;

        PartNormalisation() {
            super(workers);
        }

        @Prepares
        void run(HostTensor tensor, Vector weight, int rows) {
            this.tensor = tensor;
            this.weight = weight;
            share(rows, weight.length());
        }

        @Override
        void rows(int first, int count, int worker) {
            for (int row = first; row < first + count; row++) {
                long part = tensor.row(row) + 4L * column;
                kernels.normalise(part, part, 1, weight.length(), centred, epsilon, HostVector.address(weight), 0);
            }
        }
    }

    private final class Append extends RowWork {
        private HostTensor queryKeyValue;
        private int layer;
        private @Nullable RotaryTable table;
        private long queryNorm;
        private long keyNorm;
        private float epsilon;

        Append() {
            super(workers);
        }

        @Prepares
        void run(HostTensor queryKeyValue, int rows) {
            this.queryKeyValue = queryKeyValue;
            share(rows, 2 * queryKeyValue.columns());
        }

        @Override
        void rows(int first, int count, int worker) {
            var shape = cache.shape();
            for (int row = first; row < first + count; row++) {
                int position = plan.positions[row];
                int block = cache.slots.block(
                        cache.table(layer), plan.rowSlots[row], position / shape.blockTokens());
                kernels.append(
                        queryKeyValue.row(row), shape.heads(), shape.kvHeads(), shape.headDim(),
                        queryNorm, keyNorm, epsilon,
                        table == null ? 0 : table.cosines(plan.turns[row]),
                        table == null ? 0 : table.sines(plan.turns[row]),
                        table == null ? 0 : table.rotary.dims(),
                        table != null && KernelNumbers.isHalves(table.rotary.pairing()),
                        cache.keys(layer, block), cache.values(layer, block), cache.form,
                        shape.blockTokens(), position % shape.blockTokens());
            }
        }
    }

    private final class ActivationWork extends RowWork {
        private HostTensor out;
        private HostTensor in;
        private boolean gated;
        private Activation activation;

        ActivationWork() {
            super(workers);
        }

        @Prepares
        void run(HostTensor out, HostTensor in, int rows, Activation activation, boolean gated) {
            this.out = out;
            this.in = in;
            this.gated = gated;
            this.activation = activation;
            share(rows, 4 * out.columns());
        }

        @Override
        void rows(int first, int count, int worker) {
            kernels.activate(out.row(first), in.row(first), count, out.columns(), gated, activation);
        }
    }

    private final class Sampling extends RowWork {
        private final Sampler[] samplers = new Sampler[workers.count()];
        private HostTensor logits;
        private float softCap;

        Sampling() {
            super(workers);
        }

        @Prepares
        void run(HostTensor logits, float softCap, int samples) {
            this.logits = logits;
            this.softCap = softCap;
            share(samples, logits.columns());
        }

        void prepare(int vocabulary) {
            for (int worker = 0; worker < samplers.length; worker++) {
                samplers[worker] = new Sampler(vocabulary, new KernelPasses(kernels));
            }
        }

        @Override
        void rows(int first, int count, int worker) {
            for (int sample = first; sample < first + count; sample++) {
                if (softCap == 0 && cache.slots.isArgmax(plan, sample)) {
                    cache.slots.take(plan, sample, kernels.argmax(logits.row(sample), logits.columns()));
                    continue;
                }
                cache.slots.sample(plan, sample, samplers[worker], logits.memory(), 4L * sample * logits.columns(),
                        softCap);
            }
        }
    }
}
