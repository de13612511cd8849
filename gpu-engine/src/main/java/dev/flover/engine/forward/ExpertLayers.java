package dev.flover.engine.forward;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Routes;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.model.Weights;
import dev.flover.engine.tensor.StoredTensor;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The feed-forward parts of layers with experts (Shazeer et al. 2017), in the operations of a backend:
///
/// ```
///   h += sum over chosen experts of weight * expert(norm h) + gate * shared(norm h)
/// ```
final class ExpertLayers {
    private final ModelConfig config;
    private final Routing routing;
    private final Backend backend;
    /// One element for each layer; null for a layer without experts.
    private final List<@Nullable Layer> layers = new ArrayList<>();

    private final Tensor scores;
    private final Routes routes;
    private final Tensor inner;
    private final Tensor activated;
    private final Tensor joining;
    private final @Nullable SharedScratch sharedScratch;

    /// [Weights.Experts] on the device.
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    record Layer(
            Weight router, @Nullable Vector routerBias, @Nullable Vector correction, List<Weight> in,
            @Nullable Vector inBias, List<Weight> out, @Nullable Vector outBias, @Nullable Shared shared) {}

    /// [Weights.SharedExpert] on the device.
    record Shared(Weight in, Weight out, @Nullable Weight gate) {}

    /// Scratch memory for the shared expert.
    private record SharedScratch(Tensor inner, Tensor activated, Tensor scores) {}

    ExpertLayers(ModelConfig config, Routing routing, Weights weights, Backend backend, int tokenBudget) {
        this.config = config;
        this.routing = routing;
        this.backend = backend;
        for (var layer : weights.layers()) {
            boolean plain = config.block() == Block.SEQUENTIAL && layer.feedForwardNorm() != null
                    && layer.feedForwardPostNorm() == null;
            if (layer.experts() != null && !plain) {
                throw new IllegalArgumentException(
                        "experts parallel to attention, or with norms after them, are not supported");
            }
            layers.add(layer.experts() == null ? null : layer(layer.experts()));
        }
        int routed = Math.multiplyExact(tokenBudget, routing.chosen());
        int halves = config.gated() ? 2 : 1;
        scores = backend.tensor(tokenBudget, routing.experts());
        routes = backend.routes(tokenBudget, routing);
        inner = backend.tensor(routed, routing.width() * halves);
        activated = backend.tensor(routed, routing.width());
        joining = backend.tensor(routed, config.hidden());
        sharedScratch = routing.sharedWidth() == 0 ? null : new SharedScratch(
                backend.tensor(tokenBudget, routing.sharedWidth() * halves),
                backend.tensor(tokenBudget, routing.sharedWidth()), backend.tensor(tokenBudget, 1));
    }

    private Layer layer(Weights.Experts experts) {
        var shared = experts.shared();
        return ExpertLayersLayerBuilder.builder().router(backend.weight(experts.router()))
                .routerBias(vector(experts.routerBias())).correction(vector(experts.correction()))
                .in(backend.experts(experts.in())).inBias(vector(experts.inBias()))
                .out(backend.experts(experts.out())).outBias(vector(experts.outBias()))
                .shared(shared == null ? null : shared(shared)).build();
    }

    private Shared shared(Weights.SharedExpert expert) {
        return new Shared(backend.weight(expert.in()), backend.weight(expert.out()),
                expert.gate() == null ? null : backend.weight(expert.gate()));
    }

    private @Nullable Vector vector(@Nullable StoredTensor values) {
        return values == null ? null : backend.vector(values);
    }

    /// Adds the results of the experts of one layer to `hidden`.
    ///
    /// @param hidden [rows, hidden], the residual stream
    /// @param normed [rows, hidden], the layer's input, normalised
    void compute(int index, Tensor hidden, Tensor normed, int rows) {
        var layer = layers.get(index);
        backend.project(scores, normed, rows, layer.router, layer.routerBias);
        backend.route(routes, scores, rows, layer.correction);
        backend.projectExperts(inner, normed, routes, false, layer.in, layer.inBias);
        backend.activate(activated, inner, rows * routing.chosen(), config.activation(), config.gated());
        backend.projectExperts(joining, activated, routes, true, layer.out, layer.outBias);
        backend.addExperts(hidden, joining, routes, rows);
        if (layer.shared != null) {
            assert sharedScratch != null;
            addShared(layer.shared, sharedScratch, hidden, normed, rows);
        }
    }

    private void addShared(Shared expert, SharedScratch scratch, Tensor hidden, Tensor normed, int rows) {
        backend.projectActivated(scratch.activated, normed, normed, scratch.inner, rows, null, expert.in, null,
                config.activation(), config.gated());
        if (expert.gate != null) {
            backend.project(scratch.scores, normed, rows, expert.gate, null);
            backend.scaleRows(scratch.activated, scratch.scores, rows);
        }
        backend.projectAdd(hidden, scratch.activated, rows, expert.out, null);
    }
}
