package dev.flover.engine.forward;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Routes;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.Weights;
import dev.flover.engine.tensor.StoredTensor;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;

/// The feed-forward parts of layers with experts (Shazeer et al. 2017), in the operations of a backend:
///
/// ```
///   h += sum over chosen experts of weight * expert(norm h) + gate * shared(norm h)
/// ```
final class ExpertLayers {
    private final ModelConfig config;
    private final Backend backend;
    private final List<Layer> layers = new ArrayList<>();

    private final Tensor scores;
    private final Routes routes;
    private final Tensor inner;
    private final Tensor activated;
    private final Tensor joining;
    private final Tensor sharedInner;
    private final Tensor sharedActivated;
    private final Tensor sharedScores;

    /// [Weights.Experts] on the device; null for layers without experts.
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    record Layer(
            Weight router, Vector routerBias, Vector correction, List<Weight> in, Vector inBias, List<Weight> out,
            Vector outBias, Weight sharedIn, Weight sharedOut, Weight sharedGate) {}

    ExpertLayers(ModelConfig config, Weights weights, Backend backend, int tokenBudget) {
        this.config = config;
        this.backend = backend;
        var routing = config.routing();
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
        boolean shared = routing.sharedWidth() > 0;
        sharedInner = shared ? backend.tensor(tokenBudget, routing.sharedWidth() * halves) : null;
        sharedActivated = shared ? backend.tensor(tokenBudget, routing.sharedWidth()) : null;
        sharedScores = shared ? backend.tensor(tokenBudget, 1) : null;
    }

    private Layer layer(Weights.Experts experts) {
        var shared = experts.shared();
        return ExpertLayersLayerBuilder.builder().router(backend.weight(experts.router()))
                .routerBias(vector(experts.routerBias())).correction(vector(experts.correction()))
                .in(backend.experts(experts.in())).inBias(vector(experts.inBias()))
                .out(backend.experts(experts.out())).outBias(vector(experts.outBias()))
                .sharedIn(shared == null ? null : backend.weight(shared.in()))
                .sharedOut(shared == null ? null : backend.weight(shared.out()))
                .sharedGate(shared == null || shared.gate() == null ? null : backend.weight(shared.gate()))
                .build();
    }

    private Vector vector(StoredTensor values) {
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
        backend.activate(activated, inner, rows * config.routing().chosen(), config.activation(), config.gated());
        backend.projectExperts(joining, activated, routes, true, layer.out, layer.outBias);
        backend.addExperts(hidden, joining, routes, rows);
        if (layer.sharedIn != null) {
            shared(layer, hidden, normed, rows);
        }
    }

    private void shared(Layer layer, Tensor hidden, Tensor normed, int rows) {
        backend.projectActivated(sharedActivated, normed, normed, sharedInner, rows, null, layer.sharedIn, null,
                config.activation(), config.gated());
        if (layer.sharedGate != null) {
            backend.project(sharedScores, normed, rows, layer.sharedGate, null);
            backend.scaleRows(sharedActivated, sharedScores, rows);
        }
        backend.projectAdd(hidden, sharedActivated, rows, layer.sharedOut, null);
    }
}
