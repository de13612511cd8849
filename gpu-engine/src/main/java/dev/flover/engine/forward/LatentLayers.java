package dev.flover.engine.forward;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Attention;
import dev.flover.engine.backend.Backend.Cache;
import dev.flover.engine.backend.Backend.HeadPlace;
import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Routes;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Latent;
import dev.flover.engine.model.Weights;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The attention of layers with latent vectors ([ModelConfig.Latent]), in the operations of a backend:
///
/// ```
///   query   x ─► down ─► norm ─► up ─┬─ rotated ──────────────────────┐
///                                    └─ plain ─► keyUp of the head ───┴─► [ rotated | latent ] of each head
///   key     x ─► down ─┬─ rotated ──────────────┐
///                      └─ latent ─► norm ───────┴─► [ rotated | latent ] of the position, in the cache
///   result  weighted sum of latents of each head ─► valueUp of the head
/// ```
final class LatentLayers {
    private final ModelConfig config;
    private final Latent shape;
    private final Backend backend;
    private final List<Layer> layers = new ArrayList<>();

    private final Routes routes;
    /// Null if queries are not compressed.
    private final @Nullable Tensor compressed;
    private final Tensor queries;
    private final Tensor keys;
    private final Tensor plain;
    private final Tensor latents;
    private final Tensor sums;
    private final Tensor values;

    private final HeadPlace queryPlain;
    private final HeadPlace queryTurned;
    private final HeadPlace rowTurned;
    private final HeadPlace rowLatent;
    private final HeadPlace keyTurned;
    private final HeadPlace keyLatent;
    private final HeadPlace givenTurned;
    private final HeadPlace givenLatent;
    private final HeadPlace ofSums;
    private final HeadPlace ofValues;

    /// [Weights.Latent] on the device.
    ///
    /// @param queryDown null if queries are not compressed; then `queryNorm` is null, too
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    record Layer(
            @Nullable Weight queryDown, @Nullable Vector queryNorm, Weight queryUp, Weight keyDown, Vector keyNorm,
            List<Weight> keyUp, List<Weight> valueUp) {}

    LatentLayers(ModelConfig config, Latent shape, Weights weights, Backend backend, int tokenBudget) {
        this.config = config;
        this.backend = backend;
        this.shape = shape;
        weights.layers().forEach(layer -> layers.add(layer(Objects.requireNonNull(layer.latent()))));
        int heads = config.heads();
        int both = shape.plain() + shape.turned();
        int apart = Math.multiplyExact(tokenBudget, heads);
        routes = backend.headRoutes(tokenBudget, heads);
        compressed = shape.queryRank() == 0 ? null : backend.tensor(tokenBudget, shape.queryRank());
        queries = backend.tensor(tokenBudget, heads * both);
        keys = backend.tensor(tokenBudget, shape.rank() + shape.turned());
        plain = backend.tensor(apart, shape.plain());
        latents = backend.tensor(apart, shape.rank());
        sums = backend.tensor(tokenBudget, heads * shape.rank());
        values = backend.tensor(apart, shape.valueDim());
        queryPlain = new HeadPlace(both, 0);
        queryTurned = new HeadPlace(both, shape.plain());
        rowTurned = new HeadPlace(config.headDim(), 0);
        rowLatent = new HeadPlace(config.headDim(), shape.turned());
        keyTurned = new HeadPlace(config.headDim(), config.queryWidth());
        keyLatent = new HeadPlace(config.headDim(), config.queryWidth() + shape.turned());
        givenTurned = new HeadPlace(keys.columns(), shape.rank());
        givenLatent = new HeadPlace(keys.columns(), 0);
        ofSums = new HeadPlace(shape.rank(), 0);
        ofValues = new HeadPlace(shape.valueDim(), 0);
    }

    private Layer layer(Weights.Latent latent) {
        return LatentLayersLayerBuilder.builder()
                .queryDown(latent.queryDown() == null ? null : backend.weight(latent.queryDown()))
                .queryNorm(latent.queryNorm() == null ? null : backend.vector(latent.queryNorm().weight()))
                .queryUp(backend.weight(latent.queryUp())).keyDown(backend.weight(latent.keyDown()))
                .keyNorm(backend.vector(latent.keyNorm().weight())).keyUp(backend.experts(latent.keyUp()))
                .valueUp(backend.experts(latent.valueUp())).build();
    }

    /// Prepares a step, before its first layer.
    void begin(int rows) {
        backend.routeToHeads(routes, rows);
    }

    /// Computes the attention of one layer.
    ///
    /// @param out    [rows, heads * valueDim], overwritten
    /// @param row    [rows, (heads + 1) * headDim], scratch memory, overwritten
    /// @param normed [rows, hidden], scratch memory
    /// @param norm   the norm of `in`; null for none
    void compute(
            int index, Tensor out, Tensor row, Tensor in, Tensor normed, @Nullable Norm norm, int rows,
            Cache cache, Heads heads, Attention attention) {
        var layer = layers.get(index);
        if (norm != null) {
            backend.normalise(normed, in, rows, norm.kind(), norm.epsilon(), norm.weight(), norm.bias());
        }
        var source = norm == null ? in : normed;
        queries(layer, row, source, rows);
        backend.project(keys, source, rows, layer.keyDown, null);
        backend.copyHeads(row, keyTurned, keys, givenTurned, 1, shape.turned(), rows);
        backend.copyHeads(row, keyLatent, keys, givenLatent, 1, shape.rank(), rows);
        backend.normaliseColumns(
                row, keyLatent.first(), rows, config.normKind(), config.normEpsilon(), layer.keyNorm);
        backend.appendKeysAndValues(row, cache, index, heads.rotary(), null, null, config.normEpsilon());
        backend.attention(sums, row, cache, attention);
        backend.copyHeads(latents, HeadPlace.APART, sums, ofSums, config.heads(), shape.rank(), rows);
        backend.projectExperts(values, latents, routes, true, layer.valueUp, null);
        backend.copyHeads(out, ofValues, values, HeadPlace.APART, config.heads(), shape.valueDim(), rows);
    }

    /// Writes the queries of all heads, as they are multiplied with the cached keys.
    private void queries(Layer layer, Tensor row, Tensor source, int rows) {
        if (layer.queryDown == null) {
            backend.project(queries, source, rows, layer.queryUp, null);
        } else {
            assert compressed != null && layer.queryNorm != null;
            backend.project(compressed, source, rows, layer.queryDown, null);
            backend.normalise(
                    compressed, compressed, rows, config.normKind(), config.normEpsilon(), layer.queryNorm, null);
            backend.project(queries, compressed, rows, layer.queryUp, null);
        }
        backend.copyHeads(row, rowTurned, queries, queryTurned, config.heads(), shape.turned(), rows);
        backend.copyHeads(plain, HeadPlace.APART, queries, queryPlain, config.heads(), shape.plain(), rows);
        backend.projectExperts(latents, plain, routes, true, layer.keyUp, null);
        backend.copyHeads(row, rowLatent, latents, HeadPlace.APART, config.heads(), shape.rank(), rows);
    }
}
