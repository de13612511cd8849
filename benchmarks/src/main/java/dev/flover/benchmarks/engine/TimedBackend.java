package dev.flover.benchmarks.engine;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.ForwardingBackend;
import dev.flover.engine.backend.HeadColumns;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.tensor.Matrix;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A backend that delegates to another one and measures it: the time of each operation, its arithmetic, and the memory
/// that it must at least read or write.
///
/// The operations of a host backend return when they are done, so the host's clock times them. On a device, its own
/// clock times either whole steps as in service, or, with [#timeVerbs], each operation, launched one after the other.
final class TimedBackend extends ForwardingBackend {
    private final @Nullable DeviceClock clock;
    private final boolean randomWeights;
    private final Map<Operation, Cost> costs = new EnumMap<>(Operation.class);
    private volatile int batch;
    private volatile int steps;
    private boolean counts;
    private @Nullable StepPlan plan;
    private long started;
    private long seed;

    /// @param randomWeights whether weights are random, so that only their shapes are taken from the model
    TimedBackend(Backend backend, boolean randomWeights) {
        super(backend);
        this.randomWeights = randomWeights;
        clock = own.timeline() == null ? null : new DeviceClock(own.timeline());
        reset(0);
    }

    /// Resets all sums to zero.
    ///
    /// @param batch number of sequences; a step counts only if `batch` sequences draw a token each and there are no
    ///              other rows
    void reset(int batch) {
        this.batch = batch;
        steps = 0;
        for (var operation : Operation.values()) {
            costs.put(operation, new Cost());
        }
        if (clock != null) {
            clock.reset();
        }
    }

    /// Sets whether a device's operations are timed one by one from now on, without graphs. A host's operations always
    /// are.
    void timeVerbs(boolean each) {
        if (clock != null) {
            clock.timeVerbs(each);
        }
    }

    boolean isDevice() {
        return clock != null;
    }

    /// Returns the device's times since [#reset]; null on a host.
    @Nullable DeviceTimes deviceTimes() {
        return clock == null ? null : clock.times();
    }

    /// Returns the number of steps in the costs, at least 1.
    int steps() {
        return Math.max(1, steps);
    }

    Map<Operation, Cost> costs() {
        return costs;
    }

    private StepPlan plan() {
        return Objects.requireNonNull(plan, "no step has begun");
    }

    private void begin() {
        started = System.nanoTime();
    }

    private void end(Operation operation, double operations, double bytes) {
        if (!counts) {
            return;
        }
        var cost = Objects.requireNonNull(costs.get(operation));
        if (clock == null) {
            cost.add(System.nanoTime() - started, operations, bytes);
        } else {
            clock.verb(nanos -> cost.add(nanos, operations, bytes));
        }
    }

    @Override
    public Weight weight(Matrix matrix) {
        return randomWeights ? own.randomWeight(matrix, seed++) : own.weight(matrix);
    }

    @Override
    public Weight table(Matrix matrix) {
        return randomWeights && clock != null ? own.randomWeight(matrix, seed++) : own.table(matrix);
    }

    @Override
    public void begin(StepPlan plan, Cache cache) {
        this.plan = plan;
        counts = plan.rows() == batch && plan.samples() == batch;
        if (counts) {
            steps++;
        }
        if (clock != null) {
            clock.beginStep(counts);
        }
        begin();
        own.begin(plan, cache);
        end(Operation.BEGIN, 0, 0);
    }

    @Override
    public void forward(StepPlan plan, Runnable verbs) {
        if (clock != null && clock.timesVerbs()) {
            verbs.run();
        } else {
            own.forward(plan, verbs);
        }
        if (clock != null) {
            clock.launched();
        }
    }

    @Override
    public void embed(Tensor out, Weight embedding, float scale) {
        begin();
        own.embed(out, embedding, scale);
        end(Operation.EMBED, 0, 4.0 * plan().rows() * out.columns());
    }

    @Override
    public void addPositions(Tensor hidden, Weight positions) {
        begin();
        own.addPositions(hidden, positions);
        end(Operation.EMBED, 0, 4.0 * plan().rows() * hidden.columns());
    }

    @Override
    public void normalise(
            Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, @Nullable Vector bias) {
        begin();
        own.normalise(out, in, rows, kind, epsilon, weight, bias);
        end(Operation.NORMALISE, 4.0 * rows * in.columns(), 8.0 * rows * in.columns());
    }

    @Override
    public void normaliseColumns(
            Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight) {
        begin();
        own.normaliseColumns(tensor, column, rows, kind, epsilon, weight);
        end(Operation.NORMALISE, 0, 8.0 * rows * weight.length());
    }

    @Override
    public void normaliseHeads(
            Tensor tensor, HeadColumns heads, int rows, NormKind kind, float epsilon, Vector weight) {
        begin();
        own.normaliseHeads(tensor, heads, rows, kind, epsilon, weight);
        end(Operation.NORMALISE, 0, 8.0 * rows * weight.length());
    }

    @Override
    public void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling) {
        begin();
        own.scaleQueries(queryKeyValue, width, scaling);
        end(Operation.APPEND, 0, 8.0 * plan().rows() * width);
    }

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        begin();
        own.project(out, in, rows, weight, bias);
        endProduct(rows, weight);
    }

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        begin();
        own.projectAdd(hidden, in, rows, weight, bias);
        endProduct(rows, weight);
    }

    /// On a host, runs the normalisation and the product as two operations, so that they are timed separately.
    @Override
    public void projectNormalised(
            Tensor out, Tensor in, Tensor normed, int rows, Norm norm, Weight weight, @Nullable Vector bias) {
        if (clock == null) {
            super.projectNormalised(out, in, normed, rows, norm, weight, bias);
            return;
        }
        begin();
        own.projectNormalised(out, in, normed, rows, norm, weight, bias);
        endProduct(rows, weight);
    }

    @Override
    public void projectToHeads(
            Tensor queryKeyValue, Tensor in, Tensor normed, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Cache cache, Heads heads) {
        if (clock == null) {
            super.projectToHeads(queryKeyValue, in, normed, rows, norm, weight, bias, cache, heads);
            return;
        }
        begin();
        own.projectToHeads(queryKeyValue, in, normed, rows, norm, weight, bias, cache, heads);
        endProduct(rows, weight);
    }

    @Override
    public void projectActivated(
            Tensor out, Tensor in, Tensor normed, Tensor inner, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Activation activation, boolean gated) {
        if (clock == null) {
            super.projectActivated(out, in, normed, inner, rows, norm, weight, bias, activation, gated);
            return;
        }
        begin();
        own.projectActivated(out, in, normed, inner, rows, norm, weight, bias, activation, gated);
        endProduct(rows, weight);
    }

    private void endProduct(int rows, Weight weight) {
        end(operation(weight.role()), 2.0 * rows * weight.inputs() * weight.outputs(),
                weight.bytes() + 4.0 * rows * (weight.inputs() + weight.outputs()));
    }

    private static Operation operation(Matrix.Role role) {
        return switch (role) {
            case QUERY_KEY_VALUE, LATENT_DOWN, LATENT_UP -> Operation.QUERY_KEY_VALUE;
            case ATTENTION_OUT, DOWN -> Operation.JOIN;
            case GATE_UP, ROUTER, SHARED_GATE -> Operation.FEED_FORWARD;
            case HEAD, EMBEDDING -> Operation.VOCABULARY;
            case POSITIONS -> throw new IllegalArgumentException("no product has learned positions as its weight");
        };
    }

    @Override
    public void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, @Nullable Rotary rotary,
            @Nullable Vector queryNorm, @Nullable Vector keyNorm, float epsilon) {
        begin();
        own.appendKeysAndValues(queryKeyValue, cache, layer, rotary, queryNorm, keyNorm, epsilon);
        end(Operation.APPEND, 0, 8.0 * plan().rows() * queryKeyValue.columns());
    }

    @Override
    public void attention(Tensor out, Tensor queryKeyValue, Cache cache, Attention attention) {
        begin();
        own.attention(out, queryKeyValue, cache, attention);
        int window = attention.window();
        var shape = cache.shape();
        double seen = 0;
        double read = 0;
        for (int slice = 0; slice < plan().slices(); slice++) {
            int first = plan().positions[plan().sliceFirstRows[slice]];
            int rows = plan().sliceRows[slice];
            seen += rows * (first + (rows + 1) / 2.0);
            read += first + rows;
        }
        double positionBytes = cache.bytes() / ((double) shape.layerBlocks() * shape.blockTokens());
        end(Operation.ATTENTION, 4 * seen * shape.heads() * shape.headDim(), read * positionBytes);
    }

    @Override
    public void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated) {
        begin();
        own.activate(out, in, rows, activation, gated);
        end(Operation.ACTIVATE, 0, 4.0 * rows * (in.columns() + out.columns()));
    }

    @Override
    public void copyHeads(Tensor out, HeadPlace to, Tensor in, HeadPlace from, int heads, int width, int rows) {
        begin();
        own.copyHeads(out, to, in, from, heads, width, rows);
        end(Operation.APPEND, 0, 8.0 * rows * heads * width);
    }

    @Override
    public void route(Routes routes, Tensor scores, int rows, @Nullable Vector correction) {
        begin();
        own.route(routes, scores, rows, correction);
        end(Operation.OTHER, 0, 4.0 * rows * scores.columns());
    }

    @Override
    public void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> experts, @Nullable Vector bias) {
        begin();
        own.projectExperts(out, in, routes, routed, experts, bias);
        end(operation(experts.getFirst().role()), 0,
                experts.stream().mapToDouble(Weight::bytes).sum());
    }

    @Override
    public void addExperts(Tensor hidden, Tensor in, Routes routes, int rows) {
        begin();
        own.addExperts(hidden, in, routes, rows);
        end(Operation.OTHER, 0, 8.0 * rows * hidden.columns());
    }

    @Override
    public void scaleRows(Tensor tensor, Tensor scores, int rows) {
        begin();
        own.scaleRows(tensor, scores, rows);
        end(Operation.OTHER, 0, 8.0 * rows * tensor.columns());
    }

    @Override
    public void add(Tensor hidden, Tensor delta, int rows) {
        begin();
        own.add(hidden, delta, rows);
        end(Operation.OTHER, 0, 12.0 * rows * hidden.columns());
    }

    @Override
    public void gatherSampling(Tensor out, Tensor hidden) {
        begin();
        own.gatherSampling(out, hidden);
        end(Operation.OTHER, 0, 8.0 * plan().samples() * hidden.columns());
    }

    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        begin();
        own.sample(logits, softCap, cache);
        end(Operation.SAMPLE, 0, 4.0 * plan().samples() * logits.columns());
    }

    @Override
    public void end(StepPlan plan) {
        own.end(plan);
        if (clock != null) {
            clock.endStep();
        }
    }
}
