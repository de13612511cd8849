package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.KernelNumbers;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.CudaTensor.Counter;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Arguments.Struct;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.driver.JCudaDevice;
import dev.flover.engine.backend.cuda.weights.CudaWeight;
import dev.flover.engine.backend.cuda.weights.ExpertWeights;
import dev.flover.engine.backend.cuda.weights.Storage;
import dev.flover.engine.backend.cuda.weights.WeightGenerator;
import dev.flover.engine.backend.cuda.weights.WeightPacker;
import dev.flover.engine.backend.cuda.weights.WeightShape;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.sharding.ShardMemory;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The CUDA backend: each verb launches kernels on one stream of one device. See the package's description.
public sealed class CudaBackend implements Backend permits CudaRank {
    /// Steps that may be begun and not yet ended.
    static final int STEPS_IN_FLIGHT = 2;

    /// The most device memory that is left free beside the cache for staging, copies of activations and graphs: a
    /// twentieth of the device's memory, but at most this.
    private static final long MOST_RESERVED_BYTES = 2L << 30;

    private static final int ELEMENT_THREADS = 256;
    private static final int PROJECT_THREADS = 256;
    private static final int SAMPLE_THREADS = 512;

    final Driver driver;
    final KernelSet kernels;
    final Arguments arguments = new Arguments();
    private final StepGraphs graphs;
    private final Map<Rotary, Long> turns = new HashMap<>();
    private final Set<Storage> multiplied = EnumSet.noneOf(Storage.class);
    private final Workspace workspace;
    private final ExpertVerbs experts;
    private int tokenBudget;
    StepSlots slots;
    CudaCache cache;
    private @Nullable Draw draw;
    /// The plan whose draw waits for tokens of the step before it; null if there is none.
    @Nullable StepPlan undrawn;

    /// The inputs of a step's draw, which are the same for all steps.
    private record Draw(long logits, int vocabulary, float softCap) {}

    CudaBackend(Driver driver) {
        this.driver = driver;
        kernels = new KernelSet(driver);
        graphs = new StepGraphs(driver, this::recorded);
        workspace = new Workspace(driver);
        experts = new ExpertVerbs(driver, kernels, workspace);
    }

    /// Opens a device.
    ///
    /// @param number of the device, as the driver counts
    /// @throws IllegalArgumentException if there is no driver, device or compiled kernel; the message says which is
    ///     missing
    public static CudaBackend open(int number) {
        return new CudaBackend(JCudaDevice.open(number));
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public String arithmetic() {
        return "cuda-4-sm" + driver.properties().capability();
    }

    @Override
    public String describe() {
        return driver.properties() + ", arithmetic " + arithmetic();
    }

    @Override
    public int stepsAhead() {
        return STEPS_IN_FLIGHT;
    }

    // Memory

    @Override
    public Tensor tensor(int rows, int columns) {
        tokenBudget = Math.max(tokenBudget, rows);
        return new CudaTensor(driver, rows, columns);
    }

    @Override
    public synchronized Weight weight(Matrix matrix) {
        return taken(WeightPacker.upload(driver, matrix));
    }

    /// Generates weights on the device. A matrix with padded columns is uploaded instead, as padding must be zero.
    @Override
    public synchronized Weight randomWeight(Matrix matrix, long seed) {
        var shape = WeightPacker.shape(matrix);
        return shape.shardInputs() % WeightShape.CHUNK != 0
                ? weight(matrix)
                : taken(new WeightGenerator(driver, kernels.randomise).generate(matrix.role(), shape, seed));
    }

    /// Takes notice of a weight that is on the device.
    Weight taken(CudaWeight weight) {
        var shape = weight.shape();
        if (shape.shards() > KernelSet.MOST_SHARDS) {
            throw new IllegalArgumentException("the cuda backend supports products of up to " + KernelSet.MOST_SHARDS
                    + " shards, found " + shape.shards());
        }
        multiplied.add(shape.storage());
        workspace.sizeFor(shape);
        return weight;
    }

    @Override
    public synchronized List<Weight> experts(List<Matrix> matrices) {
        return experts.weights(Backend.super.experts(matrices));
    }

    @Override
    public Routes routes(int rows, Routing routing) {
        return experts.routes(rows, routing);
    }

    @Override
    public Vector vector(StoredTensor values) {
        var floats = new float[Math.multiplyExact(values.rows(), values.columns())];
        Dequantiser.toFloats(values, 0, floats, 0, floats.length);
        return new CudaVector(upload(floats, "vectors"), floats.length);
    }

    @Override
    public ShardMemory.Place memory() {
        return new ShardMemory.Place(
                "device " + driver.number() + " (" + driver.properties().name() + ")", driver.freeBytes());
    }

    @Override
    public int blocksThatFit(CacheShape shape, int sharing) {
        long reserve = Math.min(driver.properties().totalBytes() / 20, MOST_RESERVED_BYTES);
        workspace.sizeFor(shape, cacheStorage(), tokenBudget);
        long room = driver.freeBytes() - reserve - CudaCache.stateBytes(shape) - workspace.missingBytes()
                - bytesForRanks(shape);
        return shape.blocksIn(room / sharing, CudaCache.layerBytes(shape, cacheStorage()));
    }

    /// The bytes that will be allocated beside the cache because there are several ranks.
    long bytesForRanks(CacheShape shape) {
        return 0;
    }

    @Override
    public Cache cache(CacheShape shape) {
        return new CudaCache(driver, shape, cacheStorage());
    }

    /// The format of keys and values: bf16 if any weight is bf16, f32 if all weights are f32, otherwise f16.
    private Storage cacheStorage() {
        if (multiplied.contains(Storage.BF16)) {
            return Storage.BF16;
        }
        return multiplied.equals(EnumSet.of(Storage.F32)) ? Storage.F32 : Storage.F16;
    }

    @Override
    public void prepare(Cache cache, Rotary rotary) {
        turnsOf(rotary, cache.shape());
    }

    /// The device address of the table for `rotary`; 0 for null.
    private long turnsOf(@Nullable Rotary rotary, CacheShape shape) {
        return rotary == null ? 0 : turns.computeIfAbsent(rotary, kind -> turnTable(kind, shape.contextLength()));
    }

    @Override
    public void copyBlock(Cache cache, int from, int to) {
        ((CudaCache) cache).copyBlock(driver, from, to);
    }

    // A step

    @Override
    @Prepares
    public void begin(StepPlan plan, Cache cache) {
        drawWithinConstraints();
        this.cache = (CudaCache) cache;
        if (slots == null) {
            slots = new StepSlots(
                    driver, this.cache.shape(), tokenBudget, Workspace.SPLITS, experts.chosen(), draws());
            workspace.sizeFor(this.cache.shape(), this.cache.storage(), tokenBudget);
        }
        workspace.allocate();
        slots.begin(plan, this.cache, kernels, arguments);
        undrawn = drawsLater(plan) ? plan : null;
    }

    /// Whether this device draws the tokens of its sequences.
    boolean draws() {
        return true;
    }

    /// Whether a step's draw must wait for tokens of the step before it.
    boolean drawsLater(StepPlan plan) {
        return slots.drawsWithinConstraints(plan);
    }

    /// Called when a step has been recorded, before it is launched.
    void recorded() {}

    @Override
    public void forward(StepPlan plan, Runnable verbs) {
        graphs.run(RowBuckets.of(plan.rows()), RowBuckets.of(plan.samples()), undrawn == null, verbs);
        if (undrawn == null) {
            slots.launched(plan);
        }
    }

    @Override
    public void embed(Tensor out, Weight embedding, float scale) {
        lookUp((CudaTensor) out, (CudaWeight) embedding, scale, false);
    }

    @Override
    public void addPositions(Tensor hidden, Weight positions) {
        lookUp((CudaTensor) hidden, (CudaWeight) positions, 1, true);
    }

    private void lookUp(CudaTensor out, CudaWeight table, float scale, boolean positions) {
        arguments.begin().struct(table).struct(out.withSquares()).pointer(cache.sampling().newest())
                .pointer(slots.plan()).real(scale).flag(positions);
        driver.launch(kernels.embed, bucket(Counter.ROWS), 1, 1, ELEMENT_THREADS, 0, arguments);
        out.writtenWithSquares(Counter.ROWS);
    }

    @Override
    public void normalise(
            Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, @Nullable Vector bias) {
        var target = (CudaTensor) out;
        var source = (CudaTensor) in;
        var counter = source.counter();
        arguments.begin().struct(target).pointer(source.values())
                .pointer(CudaVector.addressOf(weight)).pointer(CudaVector.addressOf(bias)).pointer(slots.plan())
                .integer(counter.word).integer(weight.length()).integer(source.columns())
                .flag(KernelNumbers.isCentred(kind)).real(epsilon);
        driver.launch(kernels.normalise, bucket(counter), source.columns() / weight.length(), 1, ELEMENT_THREADS,
                KernelSet.normaliseBytes(weight.length()), arguments);
        target.written(counter, true);
    }

    @Override
    public void normaliseColumns(
            Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight) {
        var target = (CudaTensor) tensor;
        long part = target.values() + 4L * column;
        arguments.begin().pointer(part).pointer(0).pointer(0).pointer(0).pointer(part)
                .pointer(CudaVector.addressOf(weight)).pointer(0).pointer(slots.plan())
                .integer(target.counter().word).integer(weight.length()).integer(target.columns())
                .flag(KernelNumbers.isCentred(kind)).real(epsilon);
        driver.launch(kernels.normalise, bucket(target.counter()), 1, 1, ELEMENT_THREADS,
                KernelSet.normaliseBytes(weight.length()), arguments);
        target.written(target.counter(), false);
    }

    @Override
    public void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling) {
        var target = (CudaTensor) queryKeyValue;
        arguments.begin().pointer(target.values()).pointer(slots.plan()).integer(target.columns()).integer(width)
                .integer(scaling.every()).real((float) scaling.beta());
        driver.launch(kernels.scaleQueries, Math.ceilDiv(width, ELEMENT_THREADS), bucket(Counter.ROWS), 1,
                ELEMENT_THREADS, 0, arguments);
        target.written(Counter.ROWS, false);
    }

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        multiply(new Product(out, in, weight, bias));
    }

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        multiply(new Product(hidden, in, weight, bias).added());
    }

    @Override
    public void projectNormalised(
            Tensor out, Tensor in, Tensor normed, int rows, Norm norm, Weight weight, @Nullable Vector bias) {
        if (normalisesOnLoading(in, norm, weight)) {
            multiply(new Product(out, in, weight, bias).normalised(norm));
        } else {
            Backend.super.projectNormalised(out, in, normed, rows, norm, weight, bias);
        }
    }

    @Override
    public void projectActivated(
            Tensor out, Tensor in, Tensor normed, Tensor inner, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Activation activation, boolean gated) {
        var shape = ((CudaWeight) weight).shape();
        boolean pairsMeet = !gated || shape.outputs() % WeightShape.BLOCK_OUTPUTS == 0;
        if (shape.storage() == Storage.F32 || !pairsMeet) {
            Backend.super.projectActivated(out, in, normed, inner, rows, norm, weight, bias, activation, gated);
        } else if (norm == null) {
            multiply(new Product(out, in, weight, bias).activated(activation, gated));
        } else if (normalisesOnLoading(in, norm, weight)) {
            multiply(new Product(out, in, weight, bias).normalised(norm).activated(activation, gated));
        } else {
            normalise(normed, in, rows, norm.kind(), norm.epsilon(), norm.weight(), norm.bias());
            multiply(new Product(out, normed, weight, bias).activated(activation, gated));
        }
    }

    @Override
    public void projectToHeads(
            Tensor queryKeyValue, Tensor in, Tensor normed, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Cache cache, Heads heads) {
        if (!storesHeads((CudaWeight) weight, heads)) {
            Backend.super.projectToHeads(queryKeyValue, in, normed, rows, norm, weight, bias, cache, heads);
            return;
        }
        if (norm == null) {
            multiply(new Product(queryKeyValue, in, weight, bias).toHeads(heads));
        } else if (normalisesOnLoading(in, norm, weight)) {
            multiply(new Product(queryKeyValue, in, weight, bias).normalised(norm).toHeads(heads));
        } else {
            normalise(normed, in, rows, norm.kind(), norm.epsilon(), norm.weight(), norm.bias());
            multiply(new Product(queryKeyValue, normed, weight, bias).toHeads(heads));
        }
    }

    /// Whether a product can rotate and store its heads itself: both dimensions of each rotated pair must be in one
    /// warp, and there may be no norms of heads, which need whole heads.
    private boolean storesHeads(CudaWeight weight, Heads heads) {
        var rotary = heads.rotary();
        boolean pairsMeet = rotary == null || !KernelNumbers.isHalves(rotary.pairing())
                || rotary.dims() % 32 == 0 && cache.shape().headDim() % 32 == 0;
        return heads.queryNorm() == null && heads.keyNorm() == null && pairsMeet
                && weight.shape().storage() != Storage.F32;
    }

    private boolean normalisesOnLoading(Tensor in, Norm norm, Weight weight) {
        var source = (CudaTensor) in;
        var shape = ((CudaWeight) weight).shape();
        int rows = bucket(source.counter());
        return norm.kind() == NormKind.RMS && norm.bias() == null && shape.storage() != Storage.F32
                && source.wantSquares() && rows <= KernelSet.MOST_ROWS_NORMALISED
                && Tiling.normalisesOnLoading(shape, rows);
    }

    private void multiply(Product product) {
        if (product.weight().shape().storage() == Storage.F32) {
            multiplyF32(product);
        } else {
            multiplyOnTensorCores(product);
        }
    }

    private void multiplyF32(Product product) {
        var shape = product.weight().shape();
        var counter = product.in().counter();
        arguments.begin().struct(product.weight()).pointer(product.in().values()).pointer(product.out().values())
                .pointer(CudaVector.addressOf(product.bias())).pointer(slots.plan())
                .integer(counter.word).flag(product.adds());
        driver.launch(kernels.projectF32, Math.ceilDiv(bucket(counter), 16),
                shape.paddedOutputs() / WeightShape.BLOCK_OUTPUTS, 1, 128,
                KernelSet.projectF32Bytes(shape.shards()), arguments);
        product.out().written(counter, false);
    }

    private Struct headStore(@Nullable Heads heads) {
        return heads == null ? CudaCache::writeNoHeadStore
                : cache.headStore(heads, turnsOf(heads.rotary(), cache.shape()));
    }

    private void multiplyOnTensorCores(Product product) {
        var weight = product.weight();
        var shape = weight.shape();
        var in = product.in();
        boolean normalises = product.norm() != null;
        long copy = normalises ? 0 : freshCopy(in, shape.storage());
        var tiling = Tiling.of(shape, bucket(in.counter()), driver.properties().multiprocessors());
        arguments.begin().struct(weight).pointer(copy).struct(in.rowNorm(product.norm()));
        if (product.activation() == null && product.heads() == null) {
            arguments.struct(product.out().withSquares());
        } else {
            arguments.struct(product.out());
        }
        arguments.pointer(CudaVector.addressOf(product.bias()))
                .pointer(workspace.partials()).pointer(workspace.productCounters())
                .pointer(slots.plan()).integer(in.counter().word).flag(product.adds())
                .integer(tiling.blockParts()).integer(tiling.scratchRows())
                .integer(product.activation() == null ? Product.NO_ACTIVATION : KernelNumbers.of(product.activation()))
                .integer(product.pairing().number)
                .struct(headStore(product.heads()));
        driver.launch(normalises
                        ? kernels.projectNormalised(shape.storage(), tiling.rowTile())
                        : kernels.project(shape.storage(), tiling.rowTile()),
                tiling.blocks(), 1, 1, PROJECT_THREADS, Tiling.sharedBytes(tiling.rowTile()), arguments);
        if (product.heads() != null) {
            product.out().written(in.counter(), false);
        } else if (product.activation() == null) {
            product.out().writtenWithSquares(in.counter());
        } else {
            product.out().written(in.counter(), true);
        }
    }

    private long freshCopy(CudaTensor in, Storage storage) {
        long copy = in.copyFor(storage);
        if (!in.copiesFresh()) {
            convert(in);
        }
        return copy;
    }

    private void convert(CudaTensor tensor) {
        arguments.begin().struct(tensor).pointer(slots.plan())
                .integer(tensor.counter().word).integer(tensor.columns());
        driver.launch(kernels.convert, Math.ceilDiv(tensor.columns(), ELEMENT_THREADS), bucket(tensor.counter()), 1,
                ELEMENT_THREADS, 0, arguments);
        tensor.written(tensor.counter(), true);
    }

    @Override
    public void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, @Nullable Rotary rotary,
            @Nullable Vector queryNorm, @Nullable Vector keyNorm, float epsilon) {
        var tensor = (CudaTensor) queryKeyValue;
        var shape = this.cache.shape();
        long table = turnsOf(rotary, shape);
        arguments.begin().pointer(tensor.values()).struct(this.cache.structOf(layer))
                .pointer(CudaVector.addressOf(queryNorm)).pointer(CudaVector.addressOf(keyNorm))
                .pointer(table).pointer(slots.plan())
                .integer(this.cache.placeOf(layer)).integer(shape.heads())
                .integer(rotary == null ? 0 : rotary.dims())
                .flag(rotary != null && KernelNumbers.isHalves(rotary.pairing())).real(epsilon);
        int heads = shape.rowWidth() / shape.headDim();
        driver.launch(kernels.append(this.cache.storage()), bucket(Counter.ROWS), heads, 1, 64,
                KernelSet.appendBytes(shape.headDim()), arguments);
        tensor.written(Counter.ROWS, false);
    }

    /// Uploads the cosine and sine of every rotary position and pair, computed in double: [turns][dims / 2][2]. Returns
    /// the address of position 0. Negative positions, for models that rotate the first positions of long sequences
    /// differently, are stored before it.
    private long turnTable(Rotary rotary, int positions) {
        int pairs = rotary.dims() / 2;
        int before = rotary.ambiguousPositions();
        int rows = Math.addExact(before, positions);
        var table = new float[Math.multiplyExact(rows, 2 * pairs)];
        for (int row = 0; row < rows; row++) {
            for (int pair = 0; pair < pairs; pair++) {
                double angle = rotary.angle(row - before, pair);
                int at = (row * pairs + pair) * 2;
                table[at] = (float) (StrictMath.cos(angle) * rotary.magnitude());
                table[at + 1] = (float) (StrictMath.sin(angle) * rotary.magnitude());
            }
        }
        return upload(table, "rotary positions") + 2L * Float.BYTES * before * pairs;
    }

    @Override
    public void attention(Tensor out, Tensor queryKeyValue, Cache cache, Attention attention) {
        var target = (CudaTensor) out;
        var shape = this.cache.shape();
        arguments.begin().struct(target).pointer(((CudaTensor) queryKeyValue).values())
                .struct(this.cache.structOf(attention.layer()))
                .pointer(workspace.splits()).pointer(workspace.splitCounters()).pointer(slots.plan())
                .integer(this.cache.placeOf(attention.layer())).integer(shape.heads()).integer(attention.window())
                .real(attention.scale()).real(attention.softCap())
                .pointer(CudaVector.addressOf(attention.sinks()));
        if (this.cache.storage() == Storage.F32 || shape.latent() > 0) {
            driver.launch(kernels.attentionPlain(this.cache.storage()), bucket(Counter.ROWS), shape.heads(), 1, 128,
                    KernelSet.attentionPlainBytes(shape.headDim()), arguments);
        } else {
            int width = this.cache.width();
            driver.launch(kernels.attention(this.cache.storage(), width), attentionBlocks(), StepImage.groups(shape),
                    1, KernelSet.attentionThreads(width), KernelSet.attentionBytes(width), arguments);
        }
        target.written(Counter.ROWS, true);
    }

    /// Blocks that share the work items of a group of heads: as many as fill the device, at most one for each item.
    private int attentionBlocks() {
        int filling = Math.ceilDiv(4 * driver.properties().multiprocessors(), StepImage.groups(cache.shape()));
        long items = (long) bucket(Counter.ROWS) * Math.ceilDiv(cache.shape().contextLength(), StepImage.SPLIT);
        return (int) Math.min(filling, items);
    }

    @Override
    public void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated) {
        var target = (CudaTensor) out;
        var source = (CudaTensor) in;
        arguments.begin().struct(target).pointer(source.values()).pointer(slots.plan())
                .integer(source.counter().word).integer(target.columns())
                .integer(KernelNumbers.of(activation)).flag(gated);
        driver.launch(kernels.activate, Math.ceilDiv(target.columns(), ELEMENT_THREADS), bucket(source.counter()), 1,
                ELEMENT_THREADS, 0, arguments);
        target.written(source.counter(), true);
    }

    @Override
    public void add(Tensor hidden, Tensor delta, int rows) {
        var target = (CudaTensor) hidden;
        var source = (CudaTensor) delta;
        arguments.begin().struct(target.withSquares()).pointer(source.values()).pointer(slots.plan())
                .integer(source.counter().word).integer(target.columns());
        driver.launch(kernels.add, Math.ceilDiv(target.columns(), ELEMENT_THREADS), bucket(source.counter()), 1,
                ELEMENT_THREADS, 0, arguments);
        target.writtenWithSquares(source.counter());
    }

    // Experts

    @Override
    public void route(Routes routes, Tensor scores, int rows, @Nullable Vector correction) {
        experts.route((CudaRoutes) routes, (CudaTensor) scores, correction, slots.plan(), bucket(Counter.ROWS));
    }

    @Override
    public void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> weights, @Nullable Vector bias) {
        var places = (CudaRoutes) routes;
        var shape = ((ExpertWeights) weights).shape();
        var source = (CudaTensor) in;
        if (!routed) {
            source = experts.gather(source, places, shape.storage(), slots.plan(), bucket(places.counter()));
        }
        long from = shape.storage() == Storage.F32 ? source.values() : freshCopy(source, shape.storage());
        experts.multiply((CudaTensor) out, source, from, places, (ExpertWeights) weights, bias, slots.plan(),
                bucket(Counter.ROWS));
    }

    @Override
    public void addExperts(Tensor hidden, Tensor in, Routes routes, int rows) {
        experts.add((CudaTensor) hidden, (CudaTensor) in, (CudaRoutes) routes, slots.plan(), bucket(Counter.ROWS));
    }

    @Override
    public Routes headRoutes(int rows, int heads) {
        return experts.headRoutes(rows, heads);
    }

    @Override
    public void routeToHeads(Routes routes, int rows) {
        experts.routeToHeads((CudaRoutes) routes, slots.plan());
    }

    @Override
    public void copyHeads(Tensor out, HeadPlace to, Tensor in, HeadPlace from, int heads, int width, int rows) {
        experts.copyHeads((CudaTensor) out, to, (CudaTensor) in, from, heads, width, slots.plan(),
                bucket(Counter.ROWS));
    }

    @Override
    public void scaleRows(Tensor tensor, Tensor scores, int rows) {
        experts.scaleRows((CudaTensor) tensor, (CudaTensor) scores, slots.plan(), bucket(Counter.ROWS));
    }

    @Override
    public void gatherSampling(Tensor out, Tensor hidden) {
        var target = (CudaTensor) out;
        arguments.begin().struct(target).pointer(((CudaTensor) hidden).values()).pointer(slots.plan())
                .integer(target.columns());
        driver.launch(kernels.gather, Math.ceilDiv(target.columns(), ELEMENT_THREADS), bucket(Counter.SAMPLES), 1,
                ELEMENT_THREADS, 0, arguments);
        target.written(Counter.SAMPLES, true);
    }

    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        draw = new Draw(((CudaTensor) logits).values(), logits.columns(), softCap);
        if (undrawn == null) {
            launchDraw();
        }
    }

    /// Launches the draw of the step that was launched without it, if there is such a step, after the step before it
    /// has ended.
    void drawWithinConstraints() {
        if (undrawn != null) {
            slots.awaitMasks(undrawn);
            launchDraw();
            slots.launched(undrawn);
            undrawn = null;
        }
    }

    void launchDraw() {
        assert draw != null;
        var sampling = cache.sampling();
        int samples = bucket(Counter.SAMPLES);
        int parts = KernelSet.sampleParts(draw.vocabulary);
        arguments.begin().pointer(draw.logits)
                .pointer(workspace.tokenWeights()).pointer(workspace.sampleParts()).pointer(sampling.states())
                .pointer(sampling.newest()).pointer(sampling.counts()).pointer(slots.masks()).pointer(slots.plan())
                .integer(draw.vocabulary).integer(StepPlan.mostSamples(cache.shape().slots())).real(draw.softCap);
        driver.launch(
                kernels.sampleSurvey, samples, parts, 1, SAMPLE_THREADS, KernelSet.SAMPLE_SURVEY_BYTES, arguments);
        driver.launch(kernels.sampleWeigh, samples, parts, 1, SAMPLE_THREADS, KernelSet.SAMPLE_WEIGH_BYTES, arguments);
        driver.launch(kernels.sample, samples, 1, 1, SAMPLE_THREADS, KernelSet.SAMPLE_BYTES, arguments);
    }

    @Override
    public void read(Tensor tensor, float[] to) {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(4L * to.length, 4);
            driver.download(memory, ((CudaTensor) tensor).values());
            MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, 0, to, 0, to.length);
        }
    }

    @Override
    public void end(StepPlan plan) {
        if (plan == undrawn) {
            drawWithinConstraints();
        }
        slots.end(plan);
    }

    @Override
    public Timeline timeline() {
        return new Timeline() {
            @Override
            public void mark(int mark) {
                driver.mark(mark);
            }

            @Override
            public double microsecondsBetween(int earlier, int later) {
                return driver.microsecondsBetween(earlier, later);
            }
        };
    }

    /// Measures the device's peak rates. To be called before weights are loaded, as it allocates device memory for a
    /// moment.
    public CudaCeilings ceilings() {
        return CudaCeilings.measure(driver, kernels);
    }

    @Override
    public void close() {
        driver.close();
    }

    /// The number of rows for which this step's launches are made. The device skips the rows beyond the plan's.
    int bucket(Counter counter) {
        var plan = slots.current();
        return switch (counter) {
            case ROWS -> RowBuckets.of(plan.rows());
            case SAMPLES -> RowBuckets.of(plan.samples());
            case PLACES -> RowBuckets.of(plan.rows()) * experts.chosen();
            case HEADS -> RowBuckets.of(plan.rows()) * cache.shape().heads();
        };
    }

    private long upload(float[] values, String purpose) {
        long address = driver.allocate(4L * values.length, purpose);
        try (var arena = Arena.ofConfined()) {
            driver.upload(address, arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
        }
        return address;
    }
}
