package dev.flover.engine.backend;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.sampling.Sampler;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A backend that keeps slots and draws tokens as host backends do, from logits that never change, and computes nothing
/// else. Its tensors read as zeros. So the time of a step is that of the engine's own work.
public final class IdleBackend implements Backend {
    private StepPlan plan;
    private HostSlots slots;
    private Sampler sampler;
    private MemorySegment logits;

    private record Shape(int rows, int columns) implements Tensor, Weight, Vector {
        @Override
        public Matrix.Role role() {
            return Matrix.Role.GATE_UP;
        }

        @Override
        public int outputs() {
            return rows;
        }

        @Override
        public int inputs() {
            return columns;
        }

        @Override
        public int length() {
            return columns;
        }

        @Override
        public long bytes() {
            return 0;
        }
    }

    private record Slots(CacheShape shape) implements Cache {
        @Override
        public long bytes() {
            return 0;
        }
    }

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public String arithmetic() {
        return "idle";
    }

    @Override
    public Tensor tensor(int rows, int columns) {
        return new Shape(rows, columns);
    }

    @Override
    public Weight weight(Matrix matrix) {
        return new Shape(matrix.outputs(), matrix.inputs());
    }

    @Override
    public Vector vector(StoredTensor values) {
        return new Shape(1, values.columns());
    }

    @Override
    public Cache cache(CacheShape shape) {
        slots = new HostSlots(shape);
        sampler = new Sampler(shape.vocabulary());
        var row = new float[shape.vocabulary()];
        row[5] = 1;
        logits = MemorySegment.ofArray(row);
        return new Slots(shape);
    }

    @Override
    public void copyBlock(Cache cache, int from, int to) {}

    @Override
    public void begin(StepPlan plan, Cache cache) {
        this.plan = plan;
        slots.apply(plan);
    }

    @Override
    public void embed(Tensor out, Weight embedding, float scale) {}

    @Override
    public void addPositions(Tensor hidden, Weight positions) {}

    @Override
    public void normalise(
            Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, Vector bias) {}

    @Override
    public void normaliseColumns(
            Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight) {}

    @Override
    public void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling) {}

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, Vector bias) {}

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, Vector bias) {}

    @Override
    public void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, Rotary rotary, Vector queryNorm, Vector keyNorm,
            float epsilon) {}

    @Override
    public void attention(Tensor out, Tensor queryKeyValue, Cache cache, Attention attention) {}

    @Override
    public void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated) {}

    @Override
    public void add(Tensor hidden, Tensor delta, int rows) {}

    @Override
    public void gatherSampling(Tensor out, Tensor hidden) {}

    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        for (int sample = 0; sample < plan.samples(); sample++) {
            slots.sample(plan, sample, sampler, this.logits, 0, softCap);
        }
    }

    @Override
    public void read(Tensor tensor, float[] to) {
        Arrays.fill(to, 0f);
    }

    @Override
    public void end(StepPlan plan) {}

    @Override
    public void close() {}
}
