package dev.flover.engine.forward;

import dev.flover.engine.api.LoadListener;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Attention;
import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.HeadColumns;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.Weights;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The forward pass of a decoder-only transformer (Vaswani et al. 2017, in the pre-norm form of Radford et al. 2019),
/// in the operations of a backend.
///
/// ```
///   sequential:  h += attention(norm h);  h += feedForward(norm h)
///   parallel:    h += attention(norm h) + feedForward(norm' h)      (norm' is norm if the weights have only one)
/// ```
///
/// If the weights have norms after attention and feed-forward, the results are normalised before they are added to `h`;
/// some families have only those norms.
///
/// Families differ only in data, which is in [ModelConfig] and [Weights]. Used by one thread.
public final class Transformer {
    private final ModelConfig config;
    private final Backend backend;
    private final Cache cache;
    private final HeadColumns queries;
    private final HeadColumns keys;

    private final Weight embedding;
    private final @Nullable Weight positions;
    private final List<Layer> layers;
    private final Norm finalNorm;
    private final Weight head;
    private final @Nullable Vector headBias;

    private final Tensor hidden;
    private final Tensor normed;
    private final Tensor queryKeyValue;
    private final Tensor attended;
    private final Tensor gateUp;
    private final Tensor activated;
    /// Null in models without a norm after attention or feed-forward.
    private final @Nullable Tensor delta;
    private final @Nullable ExpertLayers experts;
    private final @Nullable LatentLayers latents;
    private final Tensor sampled;
    private final Tensor logits;

    private final Runnable verbs = this::compute; // one object for all steps, because a step allocates nothing
    private @Nullable StepPlan plan;

    /// Loads the weights to the backend, which can take minutes.
    ///
    /// @param slots       the most sequences at a time
    /// @param tokenBudget the most rows in a step
    /// @param shape       the shape of the cache; called when everything else is already in the backend's memory
    public Transformer(Model model, Backend backend, int slots, int tokenBudget, Supplier<CacheShape> shape,
            LoadListener listener) {
        config = model.config();
        this.backend = backend;
        var weights = model.weights();
        boolean tied = weights.head().equals(weights.embedding());
        embedding = tied ? backend.weight(weights.embedding()) : backend.table(weights.embedding());
        positions = weights.positions() == null ? null : backend.table(weights.positions());
        layers = layers(weights, listener);
        finalNorm = norm(weights.finalNorm());
        head = tied ? embedding : backend.weight(weights.head());
        headBias = vector(weights.headBias());
        queries = new HeadColumns(0, config.heads(), config.headDim());
        keys = new HeadColumns(config.queryWidth(), config.kvHeads(), config.headDim());
        hidden = backend.tensor(tokenBudget, config.hidden());
        normed = backend.tensor(tokenBudget, config.hidden());
        queryKeyValue = backend.tensor(tokenBudget, config.rowWidth());
        attended = backend.tensor(tokenBudget, config.attendedWidth());
        gateUp = backend.tensor(tokenBudget, config.feedForward() * (config.gated() ? 2 : 1));
        activated = backend.tensor(tokenBudget, config.feedForward());
        latents = config.latent() == null ? null
                : new LatentLayers(config, config.latent(), weights, backend, tokenBudget);
        experts = config.routing() == null ? null
                : new ExpertLayers(config, config.routing(), weights, backend, tokenBudget);
        delta = needsDelta() ? backend.tensor(tokenBudget, config.hidden()) : null;
        int samples = StepPlan.mostSamples(slots);
        sampled = backend.tensor(samples, config.hidden());
        logits = backend.tensor(samples, head.outputs());
        layers.stream().map(layer -> layer.heads).flatMap(heads -> Stream.of(heads.queryNorm(), heads.keyNorm()))
                .filter(norm -> norm != null && norm.length() != config.headDim())
                .forEach(norm -> backend.prepareHeads(queryKeyValue, norm.length()));
        cache = backend.cache(shape.get());
        config.layers().stream().map(ModelConfig.LayerConfig::rotary).filter(Objects::nonNull).distinct()
                .forEach(rotary -> backend.prepare(cache, rotary));
    }

    /// The shape with which the cache was made.
    public CacheShape cacheShape() {
        return cache.shape();
    }

    /// Launches one step on the backend: computes the plan's rows, and draws a token for each row that samples. Does
    /// not wait.
    public void launch(StepPlan plan) {
        this.plan = plan;
        backend.begin(plan, cache);
        backend.forward(plan, verbs);
    }

    /// Waits until the results of a launched step are in its plan.
    public void finish(StepPlan plan) {
        backend.end(plan);
    }

    /// Copies the keys and values of one block of the cache to another. Called between two steps.
    public void copyBlock(int from, int to) {
        backend.copyBlock(cache, from, to);
    }

    /// The bytes that keys and values take on the device.
    public long cacheBytes() {
        return cache.bytes();
    }

    private void compute() {
        assert plan != null;
        int rows = plan.rows();
        if (latents != null) {
            latents.begin(rows);
        }
        backend.embed(hidden, embedding, config.embeddingScale());
        if (positions != null) {
            backend.addPositions(hidden, positions);
        }
        for (int i = 0; i < layers.size(); i++) {
            switch (config.block()) {
                case SEQUENTIAL -> sequentialBlock(i, rows);
                case PARALLEL -> parallelBlock(i, rows);
            }
        }
        if (plan.samples() > 0) {
            sample(plan.samples());
        }
    }

    private void sequentialBlock(int index, int rows) {
        var layer = layers.get(index);
        attention(index, layer, hidden, layer.attentionNorm, rows);
        join(attended, rows, layer.attentionOut, layer.attentionOutBias, layer.attentionPostNorm);
        if (layer.feedForwardIn == null) {
            assert experts != null && layer.feedForwardNorm != null;
            normalise(normed, hidden, rows, layer.feedForwardNorm);
            experts.compute(index, hidden, normed, rows);
            return;
        }
        feedForward(layer, hidden, layer.feedForwardNorm, rows);
        joinFeedForward(layer, rows);
    }

    private void parallelBlock(int index, int rows) {
        var layer = layers.get(index);
        assert layer.attentionNorm != null;
        normalise(normed, hidden, rows, layer.attentionNorm);
        attention(index, layer, normed, null, rows);
        if (layer.feedForwardNorm == null) {
            feedForward(layer, normed, null, rows);
        } else {
            feedForward(layer, hidden, layer.feedForwardNorm, rows);
        }
        join(attended, rows, layer.attentionOut, layer.attentionOutBias, layer.attentionPostNorm);
        joinFeedForward(layer, rows);
    }

    /// @param norm null to multiply the rows without a norm
    private void attention(int index, Layer layer, Tensor in, @Nullable Norm norm, int rows) {
        if (latents != null) {
            latents.compute(index, attended, queryKeyValue, in, normed, norm, rows, cache, layer.heads,
                    layer.attention);
            return;
        }
        assert layer.queryKeyValue != null;
        if (layer.normsWholeWidth(config.headDim())) {
            projectApart(index, layer, layer.queryKeyValue, in, norm, rows);
        } else {
            backend.projectToHeads(queryKeyValue, in, normed, rows, norm, layer.queryKeyValue,
                    layer.queryKeyValueBias, cache, layer.heads);
        }
        if (config.queryScaling() != null) {
            backend.scaleQueries(queryKeyValue, config.queryWidth(), config.queryScaling());
        }
        backend.attention(attended, queryKeyValue, cache, layer.attention);
    }

    /// As [Backend#projectToHeads], for layers with a norm over all heads together, which must run between the product
    /// and the rotation.
    private void projectApart(
            int index, Layer layer, Weight weight, Tensor in, @Nullable Norm norm, int rows) {
        if (norm == null) {
            backend.project(queryKeyValue, in, rows, weight, layer.queryKeyValueBias);
        } else {
            backend.projectNormalised(queryKeyValue, in, normed, rows, norm, weight, layer.queryKeyValueBias);
        }
        backend.appendKeysAndValues(
                queryKeyValue, cache, index, layer.heads.rotary(),
                perHead(layer.heads.queryNorm(), queries, rows), perHead(layer.heads.keyNorm(), keys, rows),
                config.normEpsilon());
    }

    /// The norm, if it is over each head, for the backend to apply; a norm over all heads together is applied here, and
    /// null is returned.
    private @Nullable Vector perHead(@Nullable Vector norm, HeadColumns heads, int rows) {
        if (norm == null || norm.length() == config.headDim()) {
            return norm;
        }
        backend.normaliseHeads(queryKeyValue, heads, rows, config.normKind(), config.normEpsilon(), norm);
        return null;
    }

    /// @param norm null to multiply the rows without a norm
    private void feedForward(Layer layer, Tensor in, @Nullable Norm norm, int rows) {
        assert layer.feedForwardIn != null;
        backend.projectActivated(activated, in, normed, gateUp, rows, norm, layer.feedForwardIn,
                layer.feedForwardInBias, config.activation(), config.gated());
    }

    private void joinFeedForward(Layer layer, int rows) {
        assert layer.feedForwardOut != null;
        join(activated, rows, layer.feedForwardOut, layer.feedForwardOutBias, layer.feedForwardPostNorm);
    }

    /// Projects to the width of the residual stream and adds the result to the stream, after a norm if there is one.
    private void join(Tensor in, int rows, Weight out, @Nullable Vector bias, @Nullable Norm postNorm) {
        if (postNorm == null) {
            backend.projectAdd(hidden, in, rows, out, bias);
        } else {
            assert delta != null;
            backend.project(delta, in, rows, out, bias);
            normalise(delta, delta, rows, postNorm);
            backend.add(hidden, delta, rows);
        }
    }

    /// Computes the final norm and the vocabulary projection for the rows that sample, and draws their tokens.
    private void sample(int samples) {
        backend.gatherSampling(sampled, hidden);
        normalise(sampled, sampled, samples, finalNorm);
        backend.project(logits, sampled, samples, head, headBias);
        backend.sample(logits, config.logitSoftCap(), cache);
    }

    private void normalise(Tensor out, Tensor in, int rows, Norm norm) {
        backend.normalise(out, in, rows, norm.kind(), norm.epsilon(), norm.weight(), norm.bias());
    }

    private List<Layer> layers(Weights weights, LoadListener listener) {
        var loaded = new ArrayList<Layer>();
        for (var layer : weights.layers()) {
            if (layer.attentionNorm() == null && config.block() == Block.PARALLEL) {
                throw new IllegalArgumentException(
                        "layer " + loaded.size() + " of a parallel model has no attention norm");
            }
            var layerConfig = config.layers().get(loaded.size());
            loaded.add(TransformerLayerBuilder.builder().attentionNorm(normIfAny(layer.attentionNorm()))
                    .queryKeyValue(weight(layer.queryKeyValue()))
                    .queryKeyValueBias(vector(layer.queryKeyValueBias()))
                    .heads(new Heads(loaded.size(), layerConfig.rotary(),
                            headNorm(layer.queryNorm()), headNorm(layer.keyNorm()), config.normEpsilon()))
                    .attention(new Attention(loaded.size(), layerConfig.window(), config.attentionScale(),
                            config.attentionSoftCap(), vector(layer.sinks())))
                    .attentionOut(backend.weight(layer.attentionOut()))
                    .attentionOutBias(vector(layer.attentionOutBias()))
                    .attentionPostNorm(normIfAny(layer.attentionPostNorm()))
                    .feedForwardNorm(normIfAny(layer.feedForwardNorm())).feedForwardIn(weight(layer.feedForwardIn()))
                    .feedForwardInBias(vector(layer.feedForwardInBias()))
                    .feedForwardOut(weight(layer.feedForwardOut()))
                    .feedForwardOutBias(vector(layer.feedForwardOutBias()))
                    .feedForwardPostNorm(normIfAny(layer.feedForwardPostNorm())).build());
            listener.loaded(loaded.size(), weights.layers().size());
        }
        return List.copyOf(loaded);
    }

    private boolean needsDelta() {
        return layers.stream().anyMatch(l -> l.attentionPostNorm != null || l.feedForwardPostNorm != null);
    }

    private @Nullable Weight weight(@Nullable Matrix matrix) {
        return matrix == null ? null : backend.weight(matrix);
    }

    private @Nullable Vector vector(@Nullable StoredTensor values) {
        return values == null ? null : backend.vector(values);
    }

    private @Nullable Norm normIfAny(Weights.@Nullable Norm norm) {
        return norm == null ? null : norm(norm);
    }

    private Norm norm(Weights.Norm norm) {
        return new Norm(
                config.normKind(), config.normEpsilon(), backend.vector(norm.weight()), vector(norm.bias()));
    }

    private @Nullable Vector headNorm(Weights.@Nullable Norm norm) {
        return norm == null ? null : vector(norm.weight());
    }

    /// [Weights.Layer] on the device.
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    record Layer(
            @Nullable Norm attentionNorm,
            @Nullable Weight queryKeyValue, @Nullable Vector queryKeyValueBias,
            Heads heads,
            Attention attention,
            Weight attentionOut, @Nullable Vector attentionOutBias,
            @Nullable Norm attentionPostNorm,
            @Nullable Norm feedForwardNorm,
            @Nullable Weight feedForwardIn, @Nullable Vector feedForwardInBias,
            @Nullable Weight feedForwardOut, @Nullable Vector feedForwardOutBias,
            @Nullable Norm feedForwardPostNorm) {
        /// Whether queries or keys have a norm over all their heads together.
        boolean normsWholeWidth(int headDim) {
            return isWider(heads.queryNorm(), headDim) || isWider(heads.keyNorm(), headDim);
        }

        private static boolean isWider(@Nullable Vector norm, int headDim) {
            return norm != null && norm.length() != headDim;
        }
    }
}
