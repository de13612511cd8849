package dev.flover.engine.loading;

import static dev.flover.engine.loading.families.TensorRole.EXPERT_DOWN;
import static dev.flover.engine.loading.families.TensorRole.EXPERT_GATE;
import static dev.flover.engine.loading.families.TensorRole.EXPERT_GATE_UP;
import static dev.flover.engine.loading.families.TensorRole.EXPERT_UP;
import static dev.flover.engine.loading.families.TensorRole.ROUTER;
import static dev.flover.engine.loading.families.TensorRole.ROUTER_CORRECTION;
import static dev.flover.engine.loading.families.TensorRole.SHARED_DOWN;
import static dev.flover.engine.loading.families.TensorRole.SHARED_GATE;
import static dev.flover.engine.loading.families.TensorRole.SHARED_ROUTER;
import static dev.flover.engine.loading.families.TensorRole.SHARED_UP;

import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.KShards;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.model.Weights.Experts;
import dev.flover.engine.model.Weights.SharedExpert;
import dev.flover.engine.model.WeightsExpertsBuilder;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.Matrix.RowRange;
import dev.flover.engine.tensor.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Assembles the experts of a layer, either from one tensor for each expert or from tensors that hold all experts of
/// the layer.
final class ExpertAssembler {
    private final WeightAssembler tensors;
    private final Family family;
    private final ModelConfig config;
    private final Routing routing;
    private final TensorCopies copies;
    private final boolean folder;

    ExpertAssembler(
            WeightAssembler tensors, Family family, ModelConfig config, Routing routing, TensorCopies copies,
            boolean folder) {
        this.tensors = tensors;
        this.family = family;
        this.config = config;
        this.routing = routing;
        this.copies = copies;
        this.folder = folder;
    }

    /// The experts of a layer; null if the layer has none.
    @Nullable Experts experts(int layer) {
        if (!tensors.present(ROUTER, layer)) {
            return null;
        }
        int hidden = config.hidden();
        int wide = routing.width();
        var in = new ArrayList<Matrix>();
        var out = new ArrayList<Matrix>();
        for (int expert = 0; expert < routing.experts(); expert++) {
            in.add(new Matrix(Role.GATE_UP, in(layer, expert), 1));
            var down = part(EXPERT_DOWN, layer, expert, hidden, wide);
            out.add(new Matrix(Role.DOWN, List.of(down), KShards.ofColumns(down.tensor().columns())));
        }
        return WeightsExpertsBuilder.builder()
                .router(Matrix.of(Role.ROUTER, tensors.matrix(ROUTER, layer, routing.experts(), hidden)))
                .routerBias(tensors.bias(ROUTER, layer, routing.experts())).correction(correction(layer)).in(in)
                .inBias(inBias(layer)).out(out).outBias(bias(EXPERT_DOWN, layer, hidden)).shared(shared(layer))
                .build();
    }

    private @Nullable StoredTensor correction(int layer) {
        return tensors.has(ROUTER_CORRECTION) && tensors.present(ROUTER_CORRECTION, layer)
                ? tensors.matrix(ROUTER_CORRECTION, layer, 1, routing.experts()) : null;
    }

    private List<RowRange> in(int layer, int expert) {
        int hidden = config.hidden();
        int wide = routing.width();
        if (tensors.has(EXPERT_GATE_UP)) {
            return List.of(part(EXPERT_GATE_UP, layer, expert, 2 * wide, hidden));
        }
        return List.of(
                part(EXPERT_GATE, layer, expert, wide, hidden), part(EXPERT_UP, layer, expert, wide, hidden));
    }

    /// The rows of one expert: a tensor of its own, or a range of rows of a tensor that holds all experts.
    ///
    /// @return [outputs, inputs]
    private RowRange part(TensorRole role, int layer, int expert, int outputs, int inputs) {
        String name = tensors.fullName(role, layer);
        if (name.contains("#")) {
            return RowRange.whole(tensors.matrix(name.replace("#", Integer.toString(expert)), outputs, inputs));
        }
        boolean inTurn = folder && role == EXPERT_GATE_UP && family.interleavedGates();
        if (tensors.isInBlocks(role, layer)) {
            return RowRange.whole(
                    tensors.blocks(role, layer, expert, routing.experts(), outputs, inputs, inTurn));
        }
        if (folder && family.transposed().contains(role)) {
            var all = tensors.matrix(name, routing.experts() * inputs, outputs);
            return RowRange.whole(copies.turnedPart(all, expert * inputs, inputs, inTurn));
        }
        var all = tensors.matrix(name, routing.experts() * outputs, inputs);
        return new RowRange(all, expert * outputs, outputs);
    }

    private @Nullable StoredTensor inBias(int layer) {
        int wide = routing.width();
        if (tensors.has(EXPERT_GATE_UP)) {
            var both = bias(EXPERT_GATE_UP, layer, 2 * wide);
            return both == null || !(folder && family.interleavedGates()) ? both : sorted(both);
        }
        var gate = bias(EXPERT_GATE, layer, wide);
        var up = bias(EXPERT_UP, layer, wide);
        if (gate == null || up == null) {
            return null;
        }
        float[] gates = TensorCopies.values(gate);
        float[] ups = TensorCopies.values(up);
        float[] joined = new float[2 * gates.length];
        for (int expert = 0; expert < routing.experts(); expert++) {
            System.arraycopy(gates, expert * wide, joined, 2 * expert * wide, wide);
            System.arraycopy(ups, expert * wide, joined, (2 * expert + 1) * wide, wide);
        }
        return copies.vector(gate.name() + " and the vectors joined to it", joined);
    }

    /// Reorders interleaved gate and up values, for each expert, to all gate values followed by all up values.
    private StoredTensor sorted(StoredTensor bias) {
        int wide = routing.width();
        float[] values = TensorCopies.values(bias);
        float[] sorted = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            int within = i % (2 * wide);
            sorted[i - within + within % 2 * wide + within / 2] = values[i];
        }
        return copies.vector(bias.name(), sorted);
    }

    /// The biases of all experts; null if there are none.
    private @Nullable StoredTensor bias(TensorRole role, int layer, int length) {
        return tensors.biasOfAll(role, layer, routing.experts(), length);
    }

    private @Nullable SharedExpert shared(int layer) {
        if (!tensors.has(SHARED_UP)) {
            return null;
        }
        int hidden = config.hidden();
        int wide = routing.sharedWidth();
        var down = tensors.matrix(SHARED_DOWN, layer, hidden, wide);
        return new SharedExpert(
                Matrix.of(Role.GATE_UP, tensors.matrix(SHARED_GATE, layer, wide, hidden),
                        tensors.matrix(SHARED_UP, layer, wide, hidden)),
                Matrix.of(Role.DOWN, down).withShards(KShards.ofColumns(down.columns())),
                tensors.has(SHARED_ROUTER)
                        ? Matrix.of(Role.SHARED_GATE, tensors.matrix(SHARED_ROUTER, layer, 1, hidden)) : null);
    }
}
