package dev.flover.engine.backend.reference;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.HostMemory;
import dev.flover.engine.backend.HostRoutes;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.sampling.Sampler;
import dev.flover.engine.sharding.ShardMemory;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The oracle for other backends: each verb is a plain loop in double, which computes before it returns.
public final class ReferenceBackend implements Backend {
    private StepPlan plan;
    private int engines = 1;
    private ReferenceCache cache;
    private Sampler sampler;
    private float[] logitRow;
    private MemorySegment logitMemory;
    private double[] scores;

    /// `values` is [rows, columns].
    private record DoubleTensor(int rows, int columns, double[] values) implements Tensor {}

    /// `rows` is [outputs][inputs].
    private record FloatWeight(Matrix.Role role, float[][] rows, int kShards) implements Weight {
        @Override
        public int outputs() {
            return rows.length;
        }

        @Override
        public int inputs() {
            return rows[0].length;
        }

        @Override
        public long bytes() {
            return 4L * outputs() * inputs();
        }
    }

    private record FloatVector(float[] values) implements Vector {
        @Override
        public int length() {
            return values.length;
        }
    }

    @Override
    public ShardMemory.Place memory() {
        return HostMemory.place(engines);
    }

    @Override
    public void shareHostWith(int engines) {
        this.engines = engines;
    }

    @Override
    public int blocksThatFit(CacheShape shape, int sharing) {
        return HostMemory.blocksThatFit(shape, Float.BYTES, sharing * engines);
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String arithmetic() {
        return "reference-2";
    }

    @Override
    public Tensor tensor(int rows, int columns) {
        return new DoubleTensor(rows, columns, new double[Math.multiplyExact(rows, columns)]);
    }

    @Override
    public Weight weight(Matrix matrix) {
        var rows = new float[matrix.outputs()][matrix.inputs()];
        for (int output = 0; output < rows.length; output++) {
            matrix.readRow(output, rows[output]);
        }
        return new FloatWeight(matrix.role(), rows, matrix.kShards());
    }

    @Override
    public Vector vector(StoredTensor tensor) {
        var values = new float[Math.multiplyExact(tensor.rows(), tensor.columns())];
        Dequantiser.toFloats(tensor, 0, values, 0, values.length);
        return new FloatVector(values);
    }

    @Override
    @Prepares
    public Cache cache(CacheShape shape) {
        sampler = new Sampler(shape.vocabulary());
        logitRow = new float[shape.vocabulary()];
        logitMemory = MemorySegment.ofArray(logitRow);
        scores = new double[shape.contextLength()];
        return new ReferenceCache(shape);
    }

    @Override
    public void copyBlock(Cache cache, int from, int to) {
        ((ReferenceCache) cache).copyBlock(from, to);
    }

    @Override
    @Prepares
    public void begin(StepPlan plan, Cache cache) {
        this.plan = plan;
        this.cache = (ReferenceCache) cache;
        this.cache.slots().apply(plan);
    }

    @Override
    public void embed(Tensor out, Weight embedding, float scale) {
        double[] hidden = values(out);
        for (int row = 0; row < plan.rows(); row++) {
            int token = plan.tokenIds[row];
            if (token == StepPlan.NEWEST) {
                token = cache.slots().newest(plan.rowSlots[row]);
            }
            float[] embedded = ((FloatWeight) embedding).rows[token];
            for (int i = 0; i < embedded.length; i++) {
                hidden[row * embedded.length + i] = (double) embedded[i] * scale;
            }
        }
    }

    @Override
    public void addPositions(Tensor hidden, Weight positions) {
        for (int row = 0; row < plan.rows(); row++) {
            float[] learned = ((FloatWeight) positions).rows[plan.positions[row]];
            for (int i = 0; i < learned.length; i++) {
                values(hidden)[row * learned.length + i] += learned[i];
            }
        }
    }

    @Override
    public void normalise(
            Tensor out, Tensor in, int rows, NormKind kind, float epsilon, Vector weight, @Nullable Vector bias) {
        int width = weight.length();
        int count = rows * in.columns() / width;
        for (int i = 0; i < count; i++) {
            normalise(values(out), values(in), i * width, kind, epsilon, values(weight),
                    bias == null ? null : values(bias));
        }
    }

    @Override
    public void normaliseColumns(
            Tensor tensor, int column, int rows, NormKind kind, float epsilon, Vector weight) {
        for (int row = 0; row < rows; row++) {
            normalise(values(tensor), values(tensor), row * tensor.columns() + column, kind, epsilon, values(weight),
                    null);
        }
    }

    @Override
    public void scaleQueries(Tensor queryKeyValue, int width, QueryScaling scaling) {
        for (int row = 0; row < plan.rows(); row++) {
            double factor = scaling.factor(plan.positions[row]);
            for (int i = 0; i < width; i++) {
                values(queryKeyValue)[row * queryKeyValue.columns() + i] *= factor;
            }
        }
    }

    private static double mean(double[] in, int at, int width) {
        double mean = 0;
        for (int i = 0; i < width; i++) {
            mean += in[at + i] / width;
        }
        return mean;
    }

    private static void normalise(
            double[] out, double[] in, int at, NormKind kind, float epsilon, float[] weight,
            float @Nullable [] bias) {
        int width = weight.length;
        double mean = switch (kind) {
            case RMS -> 0;
            case LAYER -> mean(in, at, width);
        };
        double variance = 0;
        for (int i = 0; i < width; i++) {
            double centred = in[at + i] - mean;
            variance += centred * centred / width;
        }
        double factor = 1 / StrictMath.sqrt(variance + epsilon);
        for (int i = 0; i < width; i++) {
            double scaled = (in[at + i] - mean) * factor * weight[i];
            out[at + i] = bias == null ? scaled : scaled + bias[i];
        }
    }

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        for (int row = 0; row < rows; row++) {
            for (int output = 0; output < weight.outputs(); output++) {
                values(out)[row * weight.outputs() + output] = product(in, row, weight, output, bias);
            }
        }
    }

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        for (int row = 0; row < rows; row++) {
            for (int output = 0; output < weight.outputs(); output++) {
                values(hidden)[row * weight.outputs() + output] += product(in, row, weight, output, bias);
            }
        }
    }

    private static double product(Tensor in, int row, Weight weight, int output, @Nullable Vector bias) {
        var matrix = (FloatWeight) weight;
        double sum = shardTree(values(in), row * matrix.inputs(), matrix.rows[output], 0, matrix.inputs(),
                matrix.kShards);
        return bias == null ? sum : sum + values(bias)[output];
    }

    /// The sum of the products of inputs `from` up to `from + count`, computed in equal shards that are added in a
    /// binary tree.
    private static double shardTree(double[] in, int at, float[] weight, int from, int count, int shards) {
        if (shards > 1) {
            int half = count / 2;
            return shardTree(in, at, weight, from, half, shards / 2)
                    + shardTree(in, at, weight, from + half, half, shards / 2);
        }
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += in[at + i] * weight[i];
        }
        return sum;
    }

    @Override
    public void appendKeysAndValues(
            Tensor queryKeyValue, Cache cache, int layer, @Nullable Rotary rotary,
            @Nullable Vector queryNorm, @Nullable Vector keyNorm, float epsilon) {
        var shape = cache.shape();
        double[] all = values(queryKeyValue);
        int queries = shape.heads() * shape.headDim();
        int keys = shape.kvHeads() * shape.headDim();
        for (int row = 0; row < plan.rows(); row++) {
            int at = row * queryKeyValue.columns();
            for (int head = 0; head < shape.heads() + shape.kvHeads(); head++) {
                var norm = head < shape.heads() ? queryNorm : keyNorm;
                int headAt = at + head * shape.headDim();
                if (norm != null) {
                    normalise(all, all, headAt, NormKind.RMS, epsilon, values(norm), null);
                }
                if (rotary != null) {
                    rotate(all, headAt, plan.turns[row], rotary);
                }
            }
            this.cache.append(layer, plan.rowSlots[row], plan.positions[row], all, at + queries, at + queries + keys);
        }
    }

    private static void rotate(double[] values, int at, int turn, Rotary rotary) {
        int pairs = rotary.dims() / 2;
        for (int i = 0; i < pairs; i++) {
            int first = switch (rotary.pairing()) {
                case ADJACENT -> at + 2 * i;
                case HALVES -> at + i;
            };
            int second = switch (rotary.pairing()) {
                case ADJACENT -> first + 1;
                case HALVES -> first + pairs;
            };
            double angle = rotary.angle(turn, i);
            double cosine = StrictMath.cos(angle) * rotary.magnitude();
            double sine = StrictMath.sin(angle) * rotary.magnitude();
            double x = values[first];
            double y = values[second];
            values[first] = x * cosine - y * sine;
            values[second] = x * sine + y * cosine;
        }
    }

    @Override
    public void attention(Tensor out, Tensor queryKeyValue, Cache cache, Attention attention) {
        var shape = cache.shape();
        int headsPerKeyHead = shape.heads() / shape.kvHeads();
        for (int row = 0; row < plan.rows(); row++) {
            for (int head = 0; head < shape.heads(); head++) {
                int queryAt = row * queryKeyValue.columns() + head * shape.headDim();
                int outAt = row * out.columns() + head * shape.valueDim();
                attend(values(out), outAt, values(queryKeyValue), queryAt, attention, row,
                        head / headsPerKeyHead, head);
            }
        }
    }

    /// Computes the softmax of the query's products with every key that it sees, in order of position, then the mean of
    /// the values with these weights.
    ///
    /// @param kvHead the key head that the query's head reads
    private void attend(
            double[] out, int outAt, double[] query, int queryAt, Attention attention, int row, int kvHead,
            int head) {
        int layer = attention.layer();
        int window = attention.window();
        int slot = plan.rowSlots[row];
        int last = plan.positions[row];
        int first = window == 0 ? 0 : Math.max(0, last - window + 1);
        int dim = cache.shape().headDim();
        double sink = attention.sinks() == null ? Double.NEGATIVE_INFINITY : values(attention.sinks())[head];
        double greatest = sink;
        for (int position = first; position <= last; position++) {
            double[] keys = cache.keys(layer, slot, position);
            int keyAt = cache.keyAt(position, kvHead);
            double product = 0;
            for (int i = 0; i < dim; i++) {
                product += query[queryAt + i] * keys[keyAt + i];
            }
            scores[position] = Nonlinearity.softCap(product * attention.scale(), attention.softCap());
            greatest = Math.max(greatest, scores[position]);
        }
        double total = StrictMath.exp(sink - greatest);
        for (int position = first; position <= last; position++) {
            scores[position] = StrictMath.exp(scores[position] - greatest);
            total += scores[position];
        }
        int valueDim = cache.shape().valueDim();
        for (int i = 0; i < valueDim; i++) {
            out[outAt + i] = 0;
        }
        for (int position = first; position <= last; position++) {
            double[] values = cache.values(layer, slot, position);
            int valueAt = cache.valueAt(position, kvHead);
            for (int i = 0; i < valueDim; i++) {
                out[outAt + i] += scores[position] / total * values[valueAt + i];
            }
        }
    }

    @Override
    public void activate(Tensor out, Tensor in, int rows, Activation activation, boolean gated) {
        int width = out.columns();
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                double activated = Nonlinearity.apply(activation, values(in)[row * in.columns() + i]);
                values(out)[row * width + i] = !gated ? activated
                        : activated * Nonlinearity.factor(activation, values(in)[row * in.columns() + width + i]);
            }
        }
    }

    @Override
    public Routes routes(int rows, Routing routing) {
        return new HostRoutes(rows, routing);
    }

    @Override
    public void route(Routes routes, Tensor scores, int rows, @Nullable Vector correction) {
        var chosen = (HostRoutes) routes;
        for (int row = 0; row < rows; row++) {
            System.arraycopy(values(scores), row * scores.columns(), chosen.scores(), 0, scores.columns());
            chosen.choose(row, correction == null ? null : values(correction));
        }
        chosen.group(rows);
    }

    @Override
    public void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> experts, @Nullable Vector bias) {
        var chosen = (HostRoutes) routes;
        for (int expert = 0; expert < experts.size(); expert++) {
            var weight = experts.get(expert);
            for (int place = chosen.firstPlace(expert); place < chosen.firstPlace(expert + 1); place++) {
                int row = routed ? place : chosen.rowOfPlace(place);
                for (int output = 0; output < weight.outputs(); output++) {
                    double added = bias == null ? 0 : values(bias)[expert * weight.outputs() + output];
                    values(out)[place * weight.outputs() + output] = product(in, row, weight, output, null) + added;
                }
            }
        }
    }

    @Override
    public void addExperts(Tensor hidden, Tensor in, Routes routes, int rows) {
        var chosen = (HostRoutes) routes;
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < hidden.columns(); i++) {
                double sum = 0;
                for (int rank = 0; rank < chosen.routing().chosen(); rank++) {
                    sum += chosen.weight(row, rank) * values(in)[chosen.place(row, rank) * hidden.columns() + i];
                }
                values(hidden)[row * hidden.columns() + i] += sum;
            }
        }
    }

    @Override
    public Routes headRoutes(int rows, int heads) {
        return HostRoutes.ofHeads(rows, heads);
    }

    @Override
    public void routeToHeads(Routes routes, int rows) {
        ((HostRoutes) routes).routeToAll(rows);
    }

    @Override
    public void copyHeads(Tensor out, HeadPlace to, Tensor in, HeadPlace from, int heads, int width, int rows) {
        for (int head = 0; head < heads; head++) {
            for (int row = 0; row < rows; row++) {
                System.arraycopy(
                        values(in), from.at(in, rows, row, head), values(out), to.at(out, rows, row, head), width);
            }
        }
    }

    @Override
    public void scaleRows(Tensor tensor, Tensor scores, int rows) {
        for (int row = 0; row < rows; row++) {
            double factor = 1 / (1 + StrictMath.exp(-values(scores)[row]));
            for (int i = 0; i < tensor.columns(); i++) {
                values(tensor)[row * tensor.columns() + i] *= factor;
            }
        }
    }

    @Override
    public void add(Tensor hidden, Tensor delta, int rows) {
        for (int i = 0; i < rows * hidden.columns(); i++) {
            values(hidden)[i] += values(delta)[i];
        }
    }

    @Override
    public void gatherSampling(Tensor out, Tensor hidden) {
        for (int i = 0; i < plan.samples(); i++) {
            System.arraycopy(
                    values(hidden), plan.sampleRows[i] * hidden.columns(),
                    values(out), i * hidden.columns(), hidden.columns());
        }
    }

    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        int vocabulary = logits.columns();
        for (int sample = 0; sample < plan.samples(); sample++) {
            for (int i = 0; i < vocabulary; i++) {
                logitRow[i] = (float) Nonlinearity.softCap(values(logits)[sample * vocabulary + i], softCap);
            }
            this.cache.slots().sample(plan, sample, sampler, logitMemory, 0, 0);
        }
    }

    @Override
    public void follow(Cache cache) {
        ((ReferenceCache) cache).slots().follow();
    }

    @Override
    public void takeDraws(Cache cache) {
        this.cache.slots().takeDraws(plan);
    }

    @Override
    public void join(Tensor out, List<Tensor> parts, int rows, @Nullable Vector bias, boolean accumulate) {
        int width = out.columns();
        for (int i = 0; i < rows * width; i++) {
            double sum = tree(parts, i, 0, parts.size());
            sum = bias == null ? sum : sum + values(bias)[i % width];
            values(out)[i] = accumulate ? values(out)[i] + sum : sum;
        }
    }

    private static double tree(List<Tensor> parts, int index, int first, int count) {
        return count == 1 ? values(parts.get(first))[index]
                : tree(parts, index, first, count / 2) + tree(parts, index, first + count / 2, count / 2);
    }

    @Override
    public void addExpertBiases(Tensor out, Routes routes, Vector bias) {
        var chosen = (HostRoutes) routes;
        int width = out.columns();
        for (int expert = 0; expert < chosen.routing().experts(); expert++) {
            for (int place = chosen.firstPlace(expert); place < chosen.firstPlace(expert + 1); place++) {
                for (int i = 0; i < width; i++) {
                    values(out)[place * width + i] += values(bias)[expert * width + i];
                }
            }
        }
    }

    @Override
    public void read(Tensor tensor, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] = (float) values(tensor)[i];
        }
    }

    @Override
    public void end(StepPlan plan) {}

    @Override
    public void close() {}

    private static double[] values(Tensor tensor) {
        return ((DoubleTensor) tensor).values;
    }

    private static float[] values(Vector vector) {
        return ((FloatVector) vector).values;
    }
}
