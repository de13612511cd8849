package dev.flover.engine.forward;

import dev.flover.engine.api.LoadListener;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.Weights;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/// The forward pass of a decoder-only transformer (Vaswani et al. 2017, in the pre-norm form of Radford et al. 2019),
/// in the verbs of a backend.
///
/// ```
///   sequential:  h += attention(norm h);  h += feedForward(norm h)
///   parallel:    h += attention(norm h) + feedForward(norm' h)      (norm' is norm where the weights have one only)
/// ```
///
/// Where the weights have norms after attention and feed-forward, what joins `h` is normalised; some have those only.
///
/// Families differ in data alone: [ModelConfig] says how, [Weights] has what. Used by one thread.
public final class Transformer {
    private final ModelConfig config;
    private final Backend backend;
    private final Cache cache;

    private final Weight embedding;
    private final Weight positions;
    private final List<Layer> layers;
    private final Norm finalNorm;
    private final Weight head;
    private final Vector headBias;

    private final Tensor hidden;
    private final Tensor normed;
    private final Tensor queryKeyValue;
    private final Tensor attended;
    private final Tensor gateUp;
    private final Tensor activated;
    private final Tensor delta;
    private final ExpertLayers experts;
    private final Tensor sampled;
    private final Tensor logits;

    private final Runnable verbs = this::compute;       // one object for all steps: a step allocates nothing
    private StepPlan plan;

    /// Brings the weights to the backend: slow.
    ///
    /// @param slots       sequences at a time
    /// @param tokenBudget most rows in a step
    /// @param shape       of the cache; asked when everything else is in the backend's memory
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
        hidden = backend.tensor(tokenBudget, config.hidden());
        normed = backend.tensor(tokenBudget, config.hidden());
        queryKeyValue = backend.tensor(tokenBudget, config.queryWidth() + 2 * config.kvWidth());
        attended = backend.tensor(tokenBudget, config.queryWidth());
        gateUp = backend.tensor(tokenBudget, config.feedForward() * (config.gated() ? 2 : 1));
        activated = backend.tensor(tokenBudget, config.feedForward());
        experts = config.routing() == null ? null : new ExpertLayers(config, weights, backend, tokenBudget);
        delta = needsDelta() ? backend.tensor(tokenBudget, config.hidden()) : null;
        int samples = StepPlan.mostSamples(slots);
        sampled = backend.tensor(samples, config.hidden());
        logits = backend.tensor(samples, config.vocabulary());
        cache = backend.cache(shape.get());
        config.layers().stream().map(ModelConfig.LayerConfig::rotary).filter(Objects::nonNull).distinct()
                .forEach(rotary -> backend.prepare(cache, rotary));
    }

    /// As it was made.
    public CacheShape cacheShape() {
        return cache.shape();
    }

    /// Gives one step to the backend: the plan's rows, and a token for each that samples.
    public void launch(StepPlan plan) {
        this.plan = plan;
        backend.begin(plan, cache);
        backend.forward(plan, verbs);
    }

    /// Returns when the results of a launched step are in its plan.
    public void finish(StepPlan plan) {
        backend.end(plan);
    }

    /// Between two steps: a block's keys and values become another's, too.
    public void copyBlock(int from, int to) {
        backend.copyBlock(cache, from, to);
    }

    /// What keys and values take on the device.
    public long cacheBytes() {
        return cache.bytes();
    }

    private void compute() {
        int rows = plan.rows();
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
            normalise(normed, hidden, rows, layer.feedForwardNorm);
            experts.compute(index, hidden, normed, rows);
            return;
        }
        feedForward(layer, hidden, layer.feedForwardNorm, rows);
        join(activated, rows, layer.feedForwardOut, layer.feedForwardOutBias, layer.feedForwardPostNorm);
    }

    private void parallelBlock(int index, int rows) {
        var layer = layers.get(index);
        normalise(normed, hidden, rows, layer.attentionNorm);
        attention(index, layer, normed, null, rows);
        if (layer.feedForwardNorm == null) {
            feedForward(layer, normed, null, rows);
        } else {
            feedForward(layer, hidden, layer.feedForwardNorm, rows);
        }
        join(attended, rows, layer.attentionOut, layer.attentionOutBias, layer.attentionPostNorm);
        join(activated, rows, layer.feedForwardOut, layer.feedForwardOutBias, layer.feedForwardPostNorm);
    }

    /// @param norm null where rows are multiplied as they are
    private void attention(int index, Layer layer, Tensor in, Norm norm, int rows) {
        var layerConfig = config.layers().get(index);
        if (layer.normsWholeWidth(config.headDim())) {
            projectApart(index, layer, in, norm, rows);
        } else {
            backend.projectToHeads(queryKeyValue, in, normed, rows, norm, layer.queryKeyValue,
                    layer.queryKeyValueBias, cache, layer.heads);
        }
        if (config.queryScaling() != null) {
            backend.scaleQueries(queryKeyValue, config.queryWidth(), config.queryScaling());
        }
        backend.attention(
                attended, queryKeyValue, cache, index, layerConfig.window(), config.attentionScale(),
                config.attentionSoftCap());
    }

    /// As [Backend#projectToHeads], where a norm over all heads together comes in between.
    private void projectApart(int index, Layer layer, Tensor in, Norm norm, int rows) {
        if (norm == null) {
            backend.project(queryKeyValue, in, rows, layer.queryKeyValue, layer.queryKeyValueBias);
        } else {
            backend.projectNormalised(queryKeyValue, in, normed, rows, norm, layer.queryKeyValue,
                    layer.queryKeyValueBias);
        }
        backend.appendKeysAndValues(
                queryKeyValue, cache, index, layer.heads.rotary(),
                perHead(layer.heads.queryNorm(), 0, rows),
                perHead(layer.heads.keyNorm(), config.queryWidth(), rows), config.normEpsilon());
    }

    /// A norm over each head is returned; one over all of them together is done here.
    private Vector perHead(Vector norm, int column, int rows) {
        if (norm == null || norm.length() == config.headDim()) {
            return norm;
        }
        backend.normaliseColumns(queryKeyValue, column, rows, config.normKind(), config.normEpsilon(), norm);
        return null;
    }

    /// @param norm null where rows are multiplied as they are
    private void feedForward(Layer layer, Tensor in, Norm norm, int rows) {
        backend.projectActivated(activated, in, normed, gateUp, rows, norm, layer.feedForwardIn,
                layer.feedForwardInBias, config.activation(), config.gated());
    }

    /// Projects back to the residual stream and joins it.
    private void join(Tensor in, int rows, Weight out, Vector bias, Norm postNorm) {
        if (postNorm == null) {
            backend.projectAdd(hidden, in, rows, out, bias);
        } else {
            backend.project(delta, in, rows, out, bias);
            normalise(delta, delta, rows, postNorm);
            backend.add(hidden, delta, rows);
        }
    }

    /// The final norm and the vocabulary projection, only for rows that sample.
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
            loaded.add(new Layer(
                    norm(layer.attentionNorm()),
                    backend.weight(layer.queryKeyValue()), vector(layer.queryKeyValueBias()),
                    new Heads(loaded.size(), config.layers().get(loaded.size()).rotary(),
                            headNorm(layer.queryNorm()), headNorm(layer.keyNorm()), config.normEpsilon()),
                    backend.weight(layer.attentionOut()), vector(layer.attentionOutBias()),
                    norm(layer.attentionPostNorm()),
                    norm(layer.feedForwardNorm()),
                    weight(layer.feedForwardIn()), vector(layer.feedForwardInBias()),
                    weight(layer.feedForwardOut()), vector(layer.feedForwardOutBias()),
                    norm(layer.feedForwardPostNorm())));
            listener.loaded(loaded.size(), weights.layers().size());
        }
        return List.copyOf(loaded);
    }

    private boolean needsDelta() {
        return layers.stream().anyMatch(l -> l.attentionPostNorm != null || l.feedForwardPostNorm != null);
    }

    private Weight weight(Matrix matrix) {
        return matrix == null ? null : backend.weight(matrix);
    }

    private Vector vector(StoredTensor values) {
        return values == null ? null : backend.vector(values);
    }

    private Norm norm(Weights.Norm norm) {
        return norm == null ? null
                : new Norm(config.normKind(), config.normEpsilon(), vector(norm.weight()), vector(norm.bias()));
    }

    private Vector headNorm(Weights.Norm norm) {
        return norm == null ? null : vector(norm.weight());
    }

    /// As [Weights.Layer], on the device.
    private record Layer(
            Norm attentionNorm,
            Weight queryKeyValue, Vector queryKeyValueBias,
            Heads heads,
            Weight attentionOut, Vector attentionOutBias,
            Norm attentionPostNorm,
            Norm feedForwardNorm,
            Weight feedForwardIn, Vector feedForwardInBias,
            Weight feedForwardOut, Vector feedForwardOutBias,
            Norm feedForwardPostNorm) {
        /// Whether queries or keys have a norm over all their heads together.
        boolean normsWholeWidth(int headDim) {
            return isWider(heads.queryNorm(), headDim) || isWider(heads.keyNorm(), headDim);
        }

        private static boolean isWider(Vector norm, int headDim) {
            return norm != null && norm.length() != headDim;
        }
    }
}
