package dev.flover.engine.sharding;

import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfigRoutingBuilder;
import dev.flover.engine.model.Weights;
import dev.flover.engine.model.WeightsExpertsBuilder;
import dev.flover.engine.model.WeightsLatentBuilder;
import dev.flover.engine.model.WeightsLayerBuilder;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.RowRange;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Makes the model of one rank.
///
/// ```
///   queries, keys, values   the rows of the rank's heads        attention out   the columns of its query heads
///   gate, up                the rows of its columns             down            its columns
///   head                    its rows of the vocabulary          all others      whole
/// ```
///
/// Biases of products that several ranks sum are whole, because they are added after the sums have been joined.
final class RankParts {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Model model;
    private final ModelConfig config;
    private final RankShare share;
    private final int ranks;

    /// A range of consecutive outputs of a matrix.
    private record Range(int first, int count) {}

    RankParts(Model model, RankShare share, int ranks) {
        this.model = model;
        config = model.config();
        this.share = share;
        this.ranks = ranks;
    }

    Model model() {
        return model.withConfig(config(config, share)).withWeights(weights());
    }

    /// The configuration of one rank. Its vocabulary is the whole one.
    static ModelConfig config(ModelConfig config, RankShare share) {
        var routing = config.routing() == null ? null : ModelConfigRoutingBuilder.builder(config.routing())
                .width(share.expertColumns()).sharedWidth(share.sharedColumns()).build();
        return config.with(c -> c.heads(share.heads()).kvHeads(share.kvHeads().size())
                .feedForward(Math.max(1, share.columns())).routing(routing));
    }

    Weights weights() {
        var whole = model.weights();
        var tokens = List.of(new Range(share.firstToken(), share.tokens()));
        var layers = whole.layers().stream().map(this::layer).toList();
        return new Weights(whole.embedding(), whole.positions(), layers, whole.finalNorm(),
                outputs(Matrix.Role.HEAD, whole.head(), tokens), values(whole.headBias(), tokens));
    }

    private Weights.Layer layer(Weights.Layer whole) {
        var queries = List.of(new Range(share.firstHead(), share.heads()));
        var columns = gateAndUp(config.feedForward(), share.firstColumn(), share.columns());
        return WeightsLayerBuilder.builder(whole)
                .queryKeyValue(outputsIfAny(whole.queryKeyValue(), heads()))
                .queryKeyValueBias(values(whole.queryKeyValueBias(), heads()))
                .sinks(values(whole.sinks(), queries))
                .attentionOut(inputs(whole.attentionOut()))
                .feedForwardIn(outputsIfAny(whole.feedForwardIn(), columns))
                .feedForwardInBias(values(whole.feedForwardInBias(), columns))
                .feedForwardOut(inputsIfAny(whole.feedForwardOut()))
                .experts(whole.experts() == null ? null : experts(whole.experts()))
                .latent(whole.latent() == null ? null : latent(whole.latent()))
                .build();
    }

    /// The rows of the rank's queries, then of its keys, then of its values.
    private List<Range> heads() {
        int dim = config.headDim();
        var ranges = new ArrayList<Range>();
        ranges.add(new Range(share.firstHead() * dim, share.heads() * dim));
        for (int part = 0; part < 2; part++) {
            int before = config.queryWidth() + part * config.kvWidth();
            share.kvHeads().forEach(head -> ranges.add(new Range(before + head * dim, dim)));
        }
        return ranges;
    }

    private List<Range> gateAndUp(int width, int first, int count) {
        var up = new Range(width + first, count);
        var gate = new Range(first, count);
        return config.gated() ? List.of(gate, up) : List.of(gate);
    }

    private Weights.Experts experts(Weights.Experts whole) {
        int width = routing().width();
        var columns = gateAndUp(width, share.rank() * share.expertColumns(), share.expertColumns());
        var ofAll = new ArrayList<Range>();
        for (int expert = 0; expert < whole.in().size(); expert++) {
            int before = expert * whole.in().get(expert).outputs();
            columns.forEach(range -> ofAll.add(new Range(before + range.first, range.count)));
        }
        return WeightsExpertsBuilder.builder(whole)
                .in(whole.in().stream().map(matrix -> outputs(matrix, columns)).toList())
                .inBias(values(whole.inBias(), ofAll))
                .out(whole.out().stream().map(this::inputs).toList())
                .shared(whole.shared() == null ? null : shared(whole.shared())).build();
    }

    private Weights.SharedExpert shared(Weights.SharedExpert whole) {
        var columns = gateAndUp(
                routing().sharedWidth(), share.rank() * share.sharedColumns(), share.sharedColumns());
        return new Weights.SharedExpert(outputs(whole.in(), columns), inputs(whole.out()), whole.gate());
    }

    private ModelConfig.Routing routing() {
        return Objects.requireNonNull(config.routing(), "a layer with experts has a routing");
    }

    private Weights.Latent latent(Weights.Latent whole) {
        var shape = Objects.requireNonNull(config.latent(), "a layer with latent attention has a shape");
        int width = shape.plain() + shape.turned();
        int end = share.firstHead() + share.heads();
        return WeightsLatentBuilder.builder(whole)
                .queryUp(outputs(whole.queryUp(),
                        List.of(new Range(share.firstHead() * width, share.heads() * width))))
                .keyUp(whole.keyUp().subList(share.firstHead(), end))
                .valueUp(whole.valueUp().subList(share.firstHead(), end)).build();
    }

    private static @Nullable Matrix outputsIfAny(@Nullable Matrix whole, List<Range> outputs) {
        return whole == null ? null : outputs(whole, outputs);
    }

    private static Matrix outputs(Matrix whole, List<Range> outputs) {
        return outputs(whole.role(), whole, outputs);
    }

    private static Matrix outputs(Matrix.Role role, Matrix whole, List<Range> outputs) {
        var rows = new ArrayList<RowRange>();
        outputs.forEach(range -> rows.addAll(whole.rowsOf(range.first, range.count)));
        return new Matrix(role, rows, 1);
    }

    private @Nullable Matrix inputsIfAny(@Nullable Matrix whole) {
        return whole == null ? null : inputs(whole);
    }

    private Matrix inputs(Matrix whole) {
        return whole.partOfInputs(share.rank(), ranks);
    }

    /// The values of some outputs, as f32.
    private static @Nullable StoredTensor values(@Nullable StoredTensor whole, List<Range> outputs) {
        if (whole == null) {
            return null;
        }
        int length = Math.multiplyExact(whole.rows(), whole.columns());
        var all = new float[length];
        Dequantiser.toFloats(whole, 0, all, 0, length);
        int count = outputs.stream().mapToInt(Range::count).sum();
        var data = Arena.ofAuto().allocate((long) Float.BYTES * count, Float.BYTES);
        int at = 0;
        for (var range : outputs) {
            for (int i = 0; i < range.count; i++) {
                data.setAtIndex(FLOAT, at++, all[range.first + i]);
            }
        }
        return new StoredTensor(whole.name(), TensorType.F32, 1, count, data.asReadOnly());
    }
}
