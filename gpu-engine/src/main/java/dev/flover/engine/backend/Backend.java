package dev.flover.engine.backend;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.sharding.ShardMemory;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The seam between the model and a device: memory, and the dozen verbs a transformer is made of.
///
/// Verbs enqueue and do not wait. They are called on one thread, in the order of the forward pass, between [#begin] and
/// [#end]; only when [#end] has returned may the plan's sampled tokens be read. A verb of a host backend computes
/// before it returns; a device backend launches kernels on one stream.
///
/// **Rows.** Activations are [rows, columns] f32. A step's rows are the slices of the plan one after another; `rows`
/// is the number of a tensor's rows that this step uses.
///
/// **The same bits.** Each element a verb writes is computed in one arithmetic order that depends on the weight's
/// shape and the row's own inputs alone: not on `rows`, on the other rows, on how a prompt was cut into chunks, or on
/// the number of threads.
///
/// **Threads.** Memory verbs are called before the first step, by the thread that starts the engine; the verbs of steps
/// by one other thread, always the same.
///
/// **Ownership.** All memory that a backend allocates lives until the backend is closed.
public interface Backend extends BackendGroup {
    // Memory, before the first step

    @Override
    default void cacheInBytes() {
        throw new IllegalArgumentException("an 8-bit KV cache needs the backend cpu, and " + name()
                + " has none; choose 16 bits or another backend");
    }

    @Override
    default void keepWeights(WeightFolder folder) {
        throw new IllegalArgumentException("packed weights are kept by the backend cpu, and " + name()
                + " packs none; choose another backend");
    }

    /// Allocates a tensor for the activations of up to `rows` rows.
    Tensor tensor(int rows, int columns);

    /// Copies a matrix to the device, re-packed into the backend's own layout. May take seconds; may use several
    /// threads.
    Weight weight(Matrix matrix);

    /// Makes a matrix of random numbers, for benchmarks. A device generates the numbers itself where it can, so that of
    /// `matrix` only the shape matters; a host backend copies the numbers that `matrix` holds.
    default Weight randomWeight(Matrix matrix, long seed) {
        return weight(matrix);
    }

    /// Makes a matrix whose rows are only looked up, by [#embed] and [#addPositions], and never multiplied. The numbers
    /// may stay in the mapped model file.
    default Weight table(Matrix matrix) {
        return weight(matrix);
    }

    /// Copies the matrices of one layer's experts, which all have the same shape, to the device.
    default List<Weight> experts(List<Matrix> matrices) {
        return matrices.stream().map(this::weight).toList();
    }

    /// Copies a vector (norm weights or a bias) to the device, converted to f32.
    Vector vector(StoredTensor values);

    /// The memory for weights, keys, values and activations: on a host, that of the machine.
    default ShardMemory.Place memory() {
        return HostMemory.place(1);
    }

    /// How many KV blocks of a cache of this shape fit into the device's free memory. On a host: into a quarter of the
    /// machine's memory, since weights and other processes need the rest.
    ///
    /// @param sharing the number of equal caches that share this memory
    default int blocksThatFit(CacheShape shape, int sharing) {
        return HostMemory.blocksThatFit(shape, Float.BYTES, sharing);
    }

    /// Allocates the table of the experts that up to `rows` rows are routed to, which [#route] fills.
    default Routes routes(int rows, Routing routing) {
        throw withoutExperts();
    }

    /// Allocates keys and values, the block tables of all slots, and each slot's token history and sampling state.
    Cache cache(CacheShape shape);

    /// Announces that heads in this cache will be rotated as `rotary` says. A backend that uses a table of sines and
    /// cosines makes the table now and not during a step.
    default void prepare(Cache cache, Rotary rotary) {}

    /// Announces that the heads in this tensor will be normalised together, by [#normaliseHeads]. A backend of several
    /// ranks now allocates what it needs for this.
    ///
    /// @param width of the heads of all ranks, which is that of the norm's weight
    default void prepareHeads(Tensor tensor, int width) {}

    /// Announces that another rank draws the tokens of this cache's sequences. [#begin] then ignores the parameters of
    /// sampling, and [#takeDraws] tells the tokens.
    default void follow(Cache cache) {
        throw withoutRanks();
    }

    // Between two steps, on the thread that runs the steps

    /// Copies the keys and values of one block, in all layers, over those of another block. An engine that keeps a
    /// sequence's keys contiguous needs this when a sequence changes its slot. The cache must have one block table.
    void copyBlock(Cache cache, int from, int to);

    // One step, in this order

    /// Applies the plan's slot edits (admissions, moves, block table entries) to the cache, before any row is computed.
    void begin(StepPlan plan, Cache cache);

    /// Runs the step's verbs, from [#embed] to [#sample]. A backend that has recorded an equal step (a CUDA graph) may
    /// replay the recording instead of running the verbs. So the verbs and their order must depend only on whether the
    /// plan has rows and whether it has sampling rows.
    default void forward(StepPlan plan, Runnable verbs) {
        verbs.run();
    }

    /// Writes the token embedding of every row. The token is the id in the plan, or the newest token of the row's slot
    /// where the plan has [StepPlan#NEWEST].
    ///
    /// @param out   [rows, hidden], overwritten
    /// @param scale multiplies every element
    void embed(Tensor out, Weight embedding, float scale);

    /// Adds the learned position embedding of each row's position.
    void addPositions(Tensor hidden, Weight positions);

    /// Normalises each row, or, where `weight` is shorter than a row, each part of a row that is as wide as `weight` (a
    /// head).
    ///
    /// @param out  overwritten; may alias `in`
    /// @param bias null for none
    void normalise(Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, @Nullable Vector bias);

    /// Normalises one range of columns of each row in place.
    ///
    /// @param column the first column of the range; the range is as wide as `weight`
    void normaliseColumns(Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight);

    /// Normalises all query heads together, or all key heads together, in place. Where several ranks divide the heads
    /// among themselves, the norm is over the heads of all ranks.
    ///
    /// @param heads  the columns of this rank's heads
    /// @param weight as wide as the heads of all ranks
    default void normaliseHeads(
            Tensor tensor, HeadColumns heads, int rows, NormKind kind, float epsilon, Vector weight) {
        normaliseColumns(tensor, heads.first(), rows, kind, epsilon, weight);
    }

    /// Multiplies the queries of each row by a factor that depends on the row's position.
    ///
    /// @param queryKeyValue as [#appendKeysAndValues] left it; its leading `width` columns are changed
    void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling);

    /// `out = in * weightᵀ + bias`.
    ///
    /// @param out  [rows, outputs], overwritten; may not alias `in`
    /// @param in   [rows, inputs]
    /// @param bias null for none
    void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias);

    /// `hidden += in * weightᵀ + bias`: a projection that joins the residual stream.
    void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias);

    /// `out = normalise(in) * weightᵀ + bias`. A device may compute it in one kernel launch, with the same bits as
    /// [#normalise] followed by [#project].
    ///
    /// @param normed [rows, inputs], scratch memory: overwritten by some backends, left unchanged by others
    default void projectNormalised(
            Tensor out, Tensor in, Tensor normed, int rows, Norm norm, Weight weight, @Nullable Vector bias) {
        normalise(normed, in, rows, norm.kind(), norm.epsilon(), norm.weight(), norm.bias());
        project(out, normed, rows, weight, bias);
    }

    /// The first half of an attention layer: projects normalised rows to queries, keys and values, and continues as
    /// [#appendKeysAndValues] does. A device may compute it in one kernel launch, with the same bits as the separate
    /// verbs.
    ///
    /// @param queryKeyValue overwritten with the values that [#appendKeysAndValues] leaves
    /// @param normed        [rows, inputs], scratch memory, perhaps overwritten
    /// @param norm          null where `in` is multiplied without a normalisation
    default void projectToHeads(
            Tensor queryKeyValue, Tensor in, Tensor normed, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Cache cache, Heads heads) {
        if (norm == null) {
            project(queryKeyValue, in, rows, weight, bias);
        } else {
            projectNormalised(queryKeyValue, in, normed, rows, norm, weight, bias);
        }
        appendKeysAndValues(queryKeyValue, cache, heads.layer(), heads.rotary(), heads.queryNorm(), heads.keyNorm(),
                heads.epsilon());
    }

    /// The first half of a feed-forward layer: `out = activate(normalise(in) * weightᵀ + bias)`. A device may compute
    /// it in one kernel launch, with the same bits as the three separate verbs.
    ///
    /// @param normed [rows, inputs], scratch memory, perhaps overwritten
    /// @param inner  [rows, outputs], scratch memory, perhaps overwritten
    /// @param norm   null where `in` is multiplied without a normalisation
    default void projectActivated(
            Tensor out, Tensor in, Tensor normed, Tensor inner, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Activation activation, boolean gated) {
        if (norm == null) {
            project(inner, in, rows, weight, bias);
        } else {
            projectNormalised(inner, in, normed, rows, norm, weight, bias);
        }
        activate(out, inner, rows, activation, gated);
    }

    /// Normalises query and key heads where the model family does so, rotates them by their positions, and appends the
    /// keys and values to the KV blocks of each row's slot.
    ///
    /// @param queryKeyValue [rows, (heads + 2 kvHeads) * headDim], or without values where the cache holds latent
    ///     vectors; queries are rotated in place, the rest is read
    /// @param queryNorm     `[headDim]` RMS weight, or null
    /// @param rotary        null for none
    void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, @Nullable Rotary rotary,
            @Nullable Vector queryNorm, @Nullable Vector keyNorm, float epsilon);

    /// Attention of each row over the cached keys of its own slot, up to and including its own position.
    ///
    /// Online softmax over paged keys (Dao 2023; Kwon et al. 2023). Keys are processed in splits that are aligned to
    /// position 0, and the splits' results are merged in order. A key that was appended in this step is read only by
    /// rows of the same slot.
    ///
    /// @param out           [rows, heads * valueDim], overwritten
    /// @param queryKeyValue as [#appendKeysAndValues] left it
    void attention(Tensor out, Tensor queryKeyValue, Cache cache, Attention attention);

    /// Applies the feed-forward layer's non-linearity.
    ///
    /// @param out   [rows, width], overwritten; may not alias `in`
    /// @param in    [rows, width]; where `gated`, [rows, 2 * width], the gate's columns before the up-projection's
    void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated);

    /// Chooses the experts of each row, and groups the rows by expert, so that a step reads each expert's weights once.
    ///
    /// @param scores     [rows, experts], the router's logits
    /// @param correction `[experts]`, added to the scores when experts are selected; null for none
    default void route(Routes routes, Tensor scores, int rows, @Nullable Vector correction) {
        throw withoutExperts();
    }

    /// Multiplies each routed row by the matrix of its expert. Rows are in the order of [Routes].
    ///
    /// @param out     [rows * chosen, outputs], overwritten
    /// @param in      [rows, inputs] in the step's order; where `routed`, [rows * chosen, inputs] in the order of
    ///     [Routes]
    /// @param experts one matrix for each expert, all of equal shape
    /// @param bias    the biases of all experts, one after another, or null
    default void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> experts,
            @Nullable Vector bias) {
        throw withoutExperts();
    }

    /// `hidden += sum of weight * in` over the experts of each row, in ascending order of the experts' numbers.
    ///
    /// @param in [rows * chosen, hidden], in the order of [Routes]
    default void addExperts(Tensor hidden, Tensor in, Routes routes, int rows) {
        throw withoutExperts();
    }

    /// Multiplies each row by the sigmoid of its score.
    ///
    /// @param scores [rows, 1]
    default void scaleRows(Tensor tensor, Tensor scores, int rows) {
        throw withoutExperts();
    }

    /// Allocates the routes of products that have a matrix for each head, for up to `rows` rows.
    default Routes headRoutes(int rows, int heads) {
        throw withoutLatents();
    }

    /// Routes each row of this step to the matrices of all heads, in the order of heads and then of rows. After this,
    /// [#projectExperts] multiplies the rows of each head by the head's matrix.
    default void routeToHeads(Routes routes, int rows) {
        throw withoutLatents();
    }

    /// Copies `width` numbers of each head and row from one tensor to another.
    default void copyHeads(Tensor out, HeadPlace to, Tensor in, HeadPlace from, int heads, int width, int rows) {
        throw withoutLatents();
    }

    private IllegalStateException withoutLatents() {
        return new IllegalStateException("the backend " + name() + " does not support latent attention");
    }

    private IllegalStateException withoutRanks() {
        return new IllegalStateException("the backend " + name() + " does not support several ranks");
    }

    private IllegalStateException withoutExperts() {
        return new IllegalStateException("the backend " + name() + " does not support layers with experts");
    }

    /// `hidden += delta`.
    void add(Tensor hidden, Tensor delta, int rows);

    /// Copies the plan's sampling rows from `hidden`, in the plan's order, to the first rows of `out`.
    void gatherSampling(Tensor out, Tensor hidden);

    /// Draws a token for each sampling row, appends the token to its slot's history and writes it to the plan.
    ///
    /// @param logits  [sampling rows, vocabulary]; overwritten with intermediate results
    /// @param softCap bound of the soft cap that is applied to the logits first; 0 for none
    void sample(Tensor logits, float softCap, Cache cache);

    /// Appends to their slots' histories the tokens that another rank has drawn and written to the plan.
    default void takeDraws(Cache cache) {
        throw withoutRanks();
    }

    /// Adds the sums that several ranks have computed for one product: `out = parts + bias`, or `out += parts + bias`.
    /// Parts are added in pairs of neighbours, then the pairs, and so on, as the shards of a product are.
    ///
    /// @param parts      one for each rank, [rows, columns of `out`]; those of other ranks are in the memory of their
    ///                   backends
    /// @param bias       null for none
    /// @param accumulate whether the sum is added to `out`
    default void join(Tensor out, List<Tensor> parts, int rows, @Nullable Vector bias, boolean accumulate) {
        throw withoutRanks();
    }

    /// Adds to each routed row the bias of its expert.
    ///
    /// @param out  [rows * chosen, outputs], in the order of [Routes]
    /// @param bias the biases of all experts, one after another
    default void addExpertBiases(Tensor out, Routes routes, Vector bias) {
        throw withoutRanks();
    }

    /// Copies the first rows of a tensor to the host, after all enqueued work is done. For tests.
    ///
    /// @param to receives the first `to.length / tensor.columns()` rows
    void read(Tensor tensor, float[] to);

    /// Waits until the plan's results are readable. This is the only synchronisation of a step.
    void end(StepPlan plan);

    /// The device's own clock; null for a backend whose verbs have finished their work when they return.
    default @Nullable Timeline timeline() {
        return null;
    }

    @Override
    void close();

    /// Time stamps that a device takes between two pieces of enqueued work. For benchmarks.
    interface Timeline {
        /// Enqueues time stamp number `mark`: its time is when all work enqueued so far has finished.
        ///
        /// @param mark a small non-negative number; marking it again replaces its earlier time
        void mark(int mark);

        /// Waits for the later of two marks and returns the microseconds between them.
        double microsecondsBetween(int earlier, int later);
    }

    /// Activations on a device, [rows, columns] f32.
    interface Tensor {
        int rows();

        int columns();
    }

    /// The experts that each row of a step is routed to, and the rows grouped by expert.
    interface Routes {
        /// The number of experts of each row.
        int chosen();
    }

    /// A weight matrix on a device, [outputs, inputs].
    interface Weight {
        Matrix.Role role();

        int outputs();

        int inputs();

        /// Bytes on the device.
        long bytes();
    }

    /// A vector of f32 on a device.
    interface Vector {
        int length();
    }

    /// The normalisation of a layer's input.
    ///
    /// @param weight `[columns]`
    /// @param bias   null for none
    record Norm(NormKind kind, float epsilon, Vector weight, @Nullable Vector bias) {}

    /// The parameters of [#appendKeysAndValues] for one layer.
    ///
    /// @param rotary    null for none
    /// @param queryNorm `[headDim]` RMS weight, or null
    record Heads(
            int layer, @Nullable Rotary rotary, @Nullable Vector queryNorm, @Nullable Vector keyNorm, float epsilon) {}

    /// The place of each head's numbers in a tensor.
    ///
    /// @param stride columns from one head to the next within a row; 0 for a tensor with a row for each head and row of
    ///               the step, in the order of heads and then of rows
    /// @param first  the column of the first head's first number
    record HeadPlace(int stride, int first) {
        /// A row for each head and row of the step.
        public static final HeadPlace APART = new HeadPlace(0, 0);

        /// The index of the first number of a head in a row.
        ///
        /// @param rows rows of this step
        public int at(Tensor tensor, int rows, int row, int head) {
            return stride == 0
                    ? (head * rows + row) * tensor.columns() + first
                    : row * tensor.columns() + head * stride + first;
        }
    }

    /// The parameters of [#attention] for one layer.
    ///
    /// @param window  how many of the last positions a row sees, its own included; 0 for all
    /// @param scale   factor of every query-key product
    /// @param softCap bound of the soft cap on the scaled products; 0 for none
    /// @param sinks   `[heads]`: a score of each query head that takes part in the softmax and has no value; null for
    ///                none
    record Attention(int layer, int window, float scale, float softCap, @Nullable Vector sinks) {}

    /// Keys and values of all blocks, and the state of every slot, on a device.
    interface Cache {
        CacheShape shape();

        /// Bytes on the device.
        long bytes();
    }

    /// @param heads         query heads
    /// @param kvHeads       key heads, and as many value heads
    /// @param blocks        KV blocks in all: the cache has memory for so many blocks of each block table
    /// @param blockTokens   positions per block
    /// @param slots         most sequences that the cache holds at a time
    /// @param contextLength most positions of a sequence
    /// @param latent        the width of the latent vectors of attention: the last numbers of a key, which are its
    ///                      value as well, so that no values are stored; 0 if values are stored beside keys
    /// @param windowed      the layers of the second block table
    @RecordBuilder
    @RecordBuilder.Options(enableWither = false)
    record CacheShape(
            int layers, int heads, int kvHeads, int headDim, int vocabulary,
            int blocks, int blockTokens, int slots, int contextLength, int latent,
            @RecordBuilder.Initializer(source = WindowedLayers.class, value = "NONE") WindowedLayers windowed) {
        /// Where a row sees only the last positions, attention may begin to read before the first visible position: at
        /// the nearest multiple of this number. The result does not depend on the keys and values that are read but
        /// not visible.
        public static final int READ_FROM = 256;

        public CacheShape {
            for (int number : new int[] {layers, heads, kvHeads, headDim, vocabulary, blocks, blockTokens, slots,
                    contextLength}) {
                if (number < 1) {
                    throw new IllegalArgumentException("a cache of " + layers + " layers, " + heads + " heads, "
                            + kvHeads + " key heads of " + headDim + " dimensions, " + vocabulary + " token ids, "
                            + blocks + " blocks of " + blockTokens + " positions, " + slots + " slots and "
                            + contextLength + " positions; each must be at least 1");
                }
            }
        }

        /// The number of block tables of a slot. Each table numbers blocks that hold keys and values of its own layers.
        public int tables() {
            return windowed.layers().isEmpty() ? 1 : 2;
        }

        /// The block table that a layer reads.
        public int table(int layer) {
            return windowed.layers().contains(layer) ? 1 : 0;
        }

        /// The number of layers that read a block table.
        public int layers(int table) {
            return table == 0 ? layers - windowed.layers().size() : windowed.layers().size();
        }

        /// The number of layers before this one that read the same block table.
        public int placeInTable(int layer) {
            int place = 0;
            for (int before = 0; before < layer; before++) {
                place += table(before) == table(layer) ? 1 : 0;
            }
            return place;
        }

        /// The division of the memory among the blocks of both tables.
        public SlabShape slab() {
            return new SlabShape(layers(0), layers(1));
        }

        /// The number of slabs.
        public int slabs() {
            return slab().slabsFor(blocks);
        }

        /// The number of blocks to which a block table can refer.
        public int blocks(int table) {
            return slabs() * slab().blocks(table);
        }

        /// The number of blocks of one layer for which the cache has memory.
        public long layerBlocks() {
            return (long) slabs() * slab().layers();
        }

        /// The largest number of blocks of a cache that takes at most this memory.
        ///
        /// @param layerBytes bytes of one block in one layer
        public int blocksIn(long bytes, long layerBytes) {
            return Math.clamp(slab().blocksIn(bytes / layerBytes / slab().layers()), 0, Integer.MAX_VALUE);
        }

        /// The width of the value of one head.
        public int valueDim() {
            return latent == 0 ? headDim : latent;
        }

        /// The numbers that the cache holds for one position in one layer.
        public int positionWidth() {
            return kvHeads * headDim * (latent == 0 ? 2 : 1);
        }

        /// The numbers of one row of queries, keys and values.
        public int rowWidth() {
            return heads * headDim + positionWidth();
        }

        /// The same shape with another number of blocks, and a context no longer than these blocks hold.
        public CacheShape withBlocks(int blocks) {
            long positions = Math.min(contextLength, (long) blocks * blockTokens);
            return BackendCacheShapeBuilder.builder(this).blocks(blocks).contextLength((int) positions).build();
        }

        /// The same shape with a second block table for these layers.
        public CacheShape withWindowed(WindowedLayers windowed) {
            return BackendCacheShapeBuilder.builder(this).windowed(windowed).build();
        }
    }
}
