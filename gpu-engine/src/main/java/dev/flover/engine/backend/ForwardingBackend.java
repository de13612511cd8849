package dev.flover.engine.backend;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.sharding.ShardMemory;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A backend that does everything by another one. A subclass overrides the operations in which it differs.
///
/// [#projectNormalised], [#projectToHeads] and [#projectActivated] are not forwarded: they stay composed of the
/// operations of this backend, so that a subclass sees these operations. A subclass that does not need to see them
/// forwards the three, because a device may compute each of them in one kernel launch.
public abstract class ForwardingBackend implements Backend {
    protected final Backend own;

    protected ForwardingBackend(Backend own) {
        this.own = own;
    }

    @Override
    public String name() {
        return own.name();
    }

    @Override
    public String arithmetic() {
        return own.arithmetic();
    }

    @Override
    public String describe() {
        return own.describe();
    }

    @Override
    public int stepsAhead() {
        return own.stepsAhead();
    }

    @Override
    public void cacheInBytes() {
        own.cacheInBytes();
    }

    @Override
    public void shareHostWith(int engines) {
        own.shareHostWith(engines);
    }

    @Override
    public void keepWeights(WeightFolder folder) {
        own.keepWeights(folder);
    }

    @Override
    public Optional<String> keptWeights() {
        return own.keptWeights();
    }

    @Override
    public Tensor tensor(int rows, int columns) {
        return own.tensor(rows, columns);
    }

    @Override
    public Weight weight(Matrix matrix) {
        return own.weight(matrix);
    }

    @Override
    public Weight randomWeight(Matrix matrix, long seed) {
        return own.randomWeight(matrix, seed);
    }

    @Override
    public Weight table(Matrix matrix) {
        return own.table(matrix);
    }

    @Override
    public List<Weight> experts(List<Matrix> matrices) {
        return own.experts(matrices);
    }

    @Override
    public Vector vector(StoredTensor values) {
        return own.vector(values);
    }

    @Override
    public ShardMemory.Place memory() {
        return own.memory();
    }

    @Override
    public int blocksThatFit(CacheShape shape, int sharing) {
        return own.blocksThatFit(shape, sharing);
    }

    @Override
    public Routes routes(int rows, Routing routing) {
        return own.routes(rows, routing);
    }

    @Override
    public Routes headRoutes(int rows, int heads) {
        return own.headRoutes(rows, heads);
    }

    @Override
    public Cache cache(CacheShape shape) {
        return own.cache(shape);
    }

    @Override
    public void prepare(Cache cache, Rotary rotary) {
        own.prepare(cache, rotary);
    }

    @Override
    public void prepareHeads(Tensor tensor, int width) {
        own.prepareHeads(tensor, width);
    }

    @Override
    public void follow(Cache cache) {
        own.follow(cache);
    }

    @Override
    public void copyBlock(Cache cache, int from, int to) {
        own.copyBlock(cache, from, to);
    }

    @Override
    public void begin(StepPlan plan, Cache cache) {
        own.begin(plan, cache);
    }

    @Override
    public void forward(StepPlan plan, Runnable verbs) {
        own.forward(plan, verbs);
    }

    @Override
    public void embed(Tensor out, Weight embedding, float scale) {
        own.embed(out, embedding, scale);
    }

    @Override
    public void addPositions(Tensor hidden, Weight positions) {
        own.addPositions(hidden, positions);
    }

    @Override
    public void normalise(
            Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, @Nullable Vector bias) {
        own.normalise(out, in, rows, kind, epsilon, weight, bias);
    }

    @Override
    public void normaliseColumns(
            Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight) {
        own.normaliseColumns(tensor, column, rows, kind, epsilon, weight);
    }

    @Override
    public void normaliseHeads(
            Tensor tensor, HeadColumns heads, int rows, NormKind kind, float epsilon, Vector weight) {
        own.normaliseHeads(tensor, heads, rows, kind, epsilon, weight);
    }

    @Override
    public void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling) {
        own.scaleQueries(queryKeyValue, width, scaling);
    }

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        own.project(out, in, rows, weight, bias);
    }

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        own.projectAdd(hidden, in, rows, weight, bias);
    }

    @Override
    public void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, @Nullable Rotary rotary, @Nullable Vector queryNorm,
            @Nullable Vector keyNorm, float epsilon) {
        own.appendKeysAndValues(queryKeyValue, cache, layer, rotary, queryNorm, keyNorm, epsilon);
    }

    @Override
    public void attention(Tensor out, Tensor queryKeyValue, Cache cache, Attention attention) {
        own.attention(out, queryKeyValue, cache, attention);
    }

    @Override
    public void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated) {
        own.activate(out, in, rows, activation, gated);
    }

    @Override
    public void route(Routes routes, Tensor scores, int rows, @Nullable Vector correction) {
        own.route(routes, scores, rows, correction);
    }

    @Override
    public void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> experts, @Nullable Vector bias) {
        own.projectExperts(out, in, routes, routed, experts, bias);
    }

    @Override
    public void addExperts(Tensor hidden, Tensor in, Routes routes, int rows) {
        own.addExperts(hidden, in, routes, rows);
    }

    @Override
    public void scaleRows(Tensor tensor, Tensor scores, int rows) {
        own.scaleRows(tensor, scores, rows);
    }

    @Override
    public void routeToHeads(Routes routes, int rows) {
        own.routeToHeads(routes, rows);
    }

    @Override
    public void copyHeads(Tensor out, HeadPlace to, Tensor in, HeadPlace from, int heads, int width, int rows) {
        own.copyHeads(out, to, in, from, heads, width, rows);
    }

    @Override
    public void add(Tensor hidden, Tensor delta, int rows) {
        own.add(hidden, delta, rows);
    }

    @Override
    public void gatherSampling(Tensor out, Tensor hidden) {
        own.gatherSampling(out, hidden);
    }

    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        own.sample(logits, softCap, cache);
    }

    @Override
    public void takeDraws(Cache cache) {
        own.takeDraws(cache);
    }

    @Override
    public void join(Tensor out, List<Tensor> parts, int rows, @Nullable Vector bias, boolean accumulate) {
        own.join(out, parts, rows, bias, accumulate);
    }

    @Override
    public void addExpertBiases(Tensor out, Routes routes, Vector bias) {
        own.addExpertBiases(out, routes, bias);
    }

    @Override
    public void read(Tensor tensor, float[] to) {
        own.read(tensor, to);
    }

    @Override
    public void end(StepPlan plan) {
        own.end(plan);
    }

    @Override
    public @Nullable Timeline timeline() {
        return own.timeline();
    }

    @Override
    public void close() {
        own.close();
    }
}
