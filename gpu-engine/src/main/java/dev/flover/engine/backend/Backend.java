package dev.flover.engine.backend;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.util.List;

/// The seam between the model and a device: memory, and the dozen verbs a transformer is made of.
///
/// Verbs enqueue and do not wait. They are called on one thread, in the order of the forward pass, between
/// [#begin] and [#end]; only when [#end] has returned may the plan's sampled tokens be read. A host backend
/// computes at once; a device backend launches kernels on one stream.
///
/// **Rows.** Activations are [rows, columns] f32. A step's rows are the slices of the plan one after another; `rows`
/// is how many of a tensor's rows are live.
///
/// **The same bits.** Each element a verb writes is computed in one arithmetic order that depends on the weight's
/// shape and the row's own inputs alone: not on `rows`, on the other rows, on how a prompt was cut into chunks, or on
/// the number of threads.
///
/// **Threads.** Memory verbs are called before the first step, by the thread that starts the engine; the verbs of steps
/// by one other thread, always the same.
///
/// **Ownership.** What a backend allocates lives until the backend is closed.
public interface Backend extends AutoCloseable {
    /// As given to `--backend`.
    String name();

    /// Names the arithmetic: two backends with equal strings give equal bits.
    String arithmetic();

    /// What it computes on, for a person.
    default String describe() {
        return "arithmetic " + arithmetic();
    }

    /// How many steps may be begun and not ended: 2 where a device computes one while the next is prepared.
    default int stepsAhead() {
        return 1;
    }

    // Memory, before the first step

    /// Activations for up to `rows` rows.
    Tensor tensor(int rows, int columns);

    /// Brings a matrix to the device, re-packed as the backend likes. May be slow; may run on several threads.
    Weight weight(Matrix matrix);

    /// A matrix of random numbers, for measuring: where it can, a device makes them itself, so that only the shape of
    /// what is given counts. A host takes what is given.
    default Weight randomWeight(Matrix matrix, long seed) {
        return weight(matrix);
    }

    /// A matrix whose rows are only looked up, by [#embed] and [#addPositions]; may stay where the model has it.
    default Weight table(Matrix matrix) {
        return weight(matrix);
    }

    /// Brings the matrices of a layer's experts, which have equal shapes, to the device.
    default List<Weight> experts(List<Matrix> matrices) {
        return matrices.stream().map(this::weight).toList();
    }

    /// Brings a vector (norm weights, a bias) to the device as f32.
    Vector vector(StoredTensor values);

    /// How many KV blocks of such a cache fit into the memory that is free. On a host: into a quarter of the machine's
    /// memory, as the rest is for weights and for everyone else.
    default int blocksThatFit(CacheShape shape) {
        return HostMemory.blocksThatFit(shape, Float.BYTES);
    }

    /// Where up to `rows` rows go, with [#route].
    default Routes routes(int rows, Routing routing) {
        throw withoutExperts();
    }

    /// Keys and values, the block tables of all slots, the token history and sampling state of each.
    Cache cache(CacheShape shape);

    /// Heads of this cache will be turned so: where a table of positions serves, it is made now and not in a step.
    default void prepare(Cache cache, Rotary rotary) {}

    // Between two steps, by the thread of the steps

    /// Copies a block's keys and values, of all layers, over another's: what moving a sequence costs where its keys lie
    /// in one piece.
    void copyBlock(Cache cache, int from, int to);

    // One step, in this order

    /// Applies the plan's slot edits (admissions, moves, block table entries) to the cache, before any row is computed.
    void begin(StepPlan plan, Cache cache);

    /// Runs the step's verbs, from [#embed] to [#sample]; a backend that has seen such a step before may replay what it
    /// then recorded. What the verbs are and in which order must follow from whether the plan has rows and sampling
    /// rows alone.
    default void forward(StepPlan plan, Runnable verbs) {
        verbs.run();
    }

    /// Token embeddings of every row: the plan's id, or the slot's newest token where the plan says
    /// [StepPlan#NEWEST].
    ///
    /// @param out   [rows, hidden], overwritten
    /// @param scale multiplies every element
    void embed(Tensor out, Weight embedding, float scale);

    /// Adds the learned position embedding of each row's position.
    void addPositions(Tensor hidden, Weight positions);

    /// Normalises each row, or each `weight.length()`-wide head of it.
    ///
    /// @param out  overwritten; may alias `in`
    /// @param bias null for none
    void normalise(Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, Vector bias);

    /// Normalises a part of each row in place: all query heads together, or all key heads.
    ///
    /// @param column the part's first; it is as wide as the weight
    void normaliseColumns(Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight);

    /// Multiplies the queries of each row by what belongs to its position.
    ///
    /// @param queryKeyValue as [#appendKeysAndValues] left it; its leading `width` columns are changed
    void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling);

    /// `out = in * weightᵀ + bias`.
    ///
    /// @param out  [rows, outputs], overwritten; may not alias `in`
    /// @param in   [rows, inputs]
    /// @param bias null for none
    void project(Tensor out, Tensor in, int rows, Weight weight, Vector bias);

    /// `hidden += in * weightᵀ + bias`: a projection that joins the residual stream.
    void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, Vector bias);

    /// `out = normalise(in) * weightᵀ + bias`. A device may do it in one launch; the bits are those of the two verbs.
    ///
    /// @param normed [rows, inputs], overwritten or left as it is
    default void projectNormalised(
            Tensor out, Tensor in, Tensor normed, int rows, Norm norm, Weight weight, Vector bias) {
        normalise(normed, in, rows, norm.kind(), norm.epsilon(), norm.weight(), norm.bias());
        project(out, normed, rows, weight, bias);
    }

    /// The way into attention: projects normalised rows to queries, keys and values, and does with these as
    /// [#appendKeysAndValues]. A device may do it in one launch; the bits are those of the verbs.
    ///
    /// @param queryKeyValue as [#appendKeysAndValues] leaves it
    /// @param normed        [rows, inputs], overwritten or left as it is; null where `norm` is
    /// @param norm          null where `in` is to be multiplied as it is
    default void projectToHeads(
            Tensor queryKeyValue, Tensor in, Tensor normed, int rows, Norm norm, Weight weight, Vector bias,
            Cache cache, Heads heads) {
        if (norm == null) {
            project(queryKeyValue, in, rows, weight, bias);
        } else {
            projectNormalised(queryKeyValue, in, normed, rows, norm, weight, bias);
        }
        appendKeysAndValues(queryKeyValue, cache, heads.layer(), heads.rotary(), heads.queryNorm(), heads.keyNorm(),
                heads.epsilon());
    }

    /// The way into a feed-forward layer: `out = activate(normalise(in) * weightᵀ + bias)`. A device may do it in one
    /// launch; the bits are those of the three verbs.
    ///
    /// @param normed [rows, inputs], overwritten or left as it is
    /// @param inner  [rows, outputs], overwritten or left as it is
    /// @param norm   null where `in` is to be multiplied as it is
    default void projectActivated(
            Tensor out, Tensor in, Tensor normed, Tensor inner, int rows, Norm norm, Weight weight, Vector bias,
            Activation activation, boolean gated) {
        if (norm == null) {
            project(inner, in, rows, weight, bias);
        } else {
            projectNormalised(inner, in, normed, rows, norm, weight, bias);
        }
        activate(out, inner, rows, activation, gated);
    }

    /// Normalises query and key heads where the family does, turns them by their positions, and appends keys and values
    /// to the blocks of the row's slot.
    ///
    /// @param queryKeyValue [rows, (heads + 2 kvHeads) * headDim]; queries are rotated in place, the rest is read
    /// @param queryNorm     [headDim] RMS weight, or null
    /// @param rotary        null for none
    void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, Rotary rotary,
            Vector queryNorm, Vector keyNorm, float epsilon);

    /// Attention of each row over the cached keys of its own slot, up to and including its own position.
    ///
    /// Online softmax over paged keys (Dao 2023; Kwon et al. 2023), in splits aligned to position 0 and merged in
    /// order. What this step's rows appended is read by rows of the same slot alone.
    ///
    /// @param out           [rows, heads * headDim], overwritten
    /// @param queryKeyValue as [#appendKeysAndValues] left it
    /// @param window        positions seen, the row's own included; 0 for all
    /// @param scale         multiplies query-key products
    /// @param softCap       0 for none
    void attention(
            Tensor out, Tensor queryKeyValue, Cache cache, int layer, int window, float scale, float softCap);

    /// The feed-forward layer's non-linearity.
    ///
    /// @param out   [rows, width], overwritten; may not alias `in`
    /// @param in    [rows, width], or gate beside up, [rows, 2 * width], where gated
    void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated);

    /// Chooses the experts of each row, and groups rows by expert: a step reads an expert's weights once.
    ///
    /// @param scores     [rows, experts]
    /// @param correction [experts], or null
    default void route(Routes routes, Tensor scores, int rows, Vector correction) {
        throw withoutExperts();
    }

    /// The product of each routed row with the matrix of the expert it goes to, in the order of [Routes].
    ///
    /// @param out     [rows * chosen, outputs], overwritten
    /// @param in      [rows, inputs], as they are in the step; or [rows * chosen, inputs], in the order of [Routes]
    /// @param experts of equal shapes
    /// @param bias    of all experts one after another, or null
    default void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> experts, Vector bias) {
        throw withoutExperts();
    }

    /// `hidden += sum of weight * in` over the experts of each row, from the lowest on.
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

    private IllegalStateException withoutExperts() {
        return new IllegalStateException("the backend " + name() + " has no experts");
    }

    /// `hidden += delta`.
    void add(Tensor hidden, Tensor delta, int rows);

    /// Copies the rows that sample, in the plan's order, to the front of `out`.
    void gatherSampling(Tensor out, Tensor hidden);

    /// Draws a token for each sampling row, appends it to its slot's history and leaves it in the plan.
    ///
    /// @param logits  [sampling rows, vocabulary]; consumed
    /// @param softCap applied first; 0 for none
    void sample(Tensor logits, float softCap, Cache cache);

    /// Copies the first rows of a tensor to the host, once what was enqueued is done. For tests.
    ///
    /// @param to receives `to.length / tensor.columns()` rows
    void read(Tensor tensor, float[] to);

    /// The step's one synchronisation: returns when the plan's results are readable.
    void end(StepPlan plan);

    /// The device's own clock; null where verbs have done their work when they return.
    default Timeline timeline() {
        return null;
    }

    @Override
    void close();

    /// Moments on a device, in order with what is enqueued. For measuring.
    interface Timeline {
        /// Marks the moment when all that has been enqueued so far is done.
        ///
        /// @param mark any small number; marking it again forgets the earlier moment
        void mark(int mark);

        /// Waits for the later of two marks and returns the microseconds between them.
        double microsecondsBetween(int earlier, int later);
    }

    /// Activations on a device, [rows, columns] f32.
    interface Tensor {
        int rows();

        int columns();
    }

    /// Which experts the rows of a step go to.
    interface Routes {}

    /// A weight matrix on a device, [outputs, inputs].
    interface Weight {
        int outputs();

        int inputs();

        /// Bytes on the device.
        long bytes();
    }

    /// A vector of f32 on a device.
    interface Vector {
        int length();
    }

    /// How rows are normalised.
    ///
    /// @param weight [columns]
    /// @param bias   null for none
    record Norm(NormKind kind, float epsilon, Vector weight, Vector bias) {}

    /// What a layer does with its queries, keys and values before attention.
    ///
    /// @param rotary    null for none
    /// @param queryNorm [headDim] RMS weight, or null
    record Heads(int layer, Rotary rotary, Vector queryNorm, Vector keyNorm, float epsilon) {}

    /// Keys and values and all per-slot state on a device.
    interface Cache {
        CacheShape shape();

        /// Bytes on the device.
        long bytes();
    }

    /// @param blocks        KV blocks in all
    /// @param blockTokens   positions per block
    /// @param slots         sequences at a time
    /// @param contextLength most positions of a sequence
    record CacheShape(
            int layers, int heads, int kvHeads, int headDim, int vocabulary,
            int blocks, int blockTokens, int slots, int contextLength) {
        /// The same with another number of blocks, and contexts no longer than they hold.
        public CacheShape withBlocks(int blocks) {
            long positions = Math.min(contextLength, (long) blocks * blockTokens);
            return new CacheShape(
                    layers, heads, kvHeads, headDim, vocabulary, blocks, blockTokens, slots, (int) positions);
        }
    }
}
