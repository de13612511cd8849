package dev.flover.engine.loading;

import static dev.flover.engine.loading.families.TensorRole.KEY_DOWN;
import static dev.flover.engine.loading.families.TensorRole.KEY_DOWN_NORM;
import static dev.flover.engine.loading.families.TensorRole.KEY_UP;
import static dev.flover.engine.loading.families.TensorRole.KEY_VALUE_UP;
import static dev.flover.engine.loading.families.TensorRole.QUERY;
import static dev.flover.engine.loading.families.TensorRole.QUERY_DOWN;
import static dev.flover.engine.loading.families.TensorRole.QUERY_DOWN_NORM;
import static dev.flover.engine.loading.families.TensorRole.QUERY_UP;
import static dev.flover.engine.loading.families.TensorRole.VALUE_UP;

import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Latent;
import dev.flover.engine.model.Weights;
import dev.flover.engine.model.WeightsLatentBuilder;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.Matrix.RowRange;
import java.util.ArrayList;
import java.util.List;

/// Assembles the projections of latent attention. Files store the key and value matrices of all heads in one tensor;
/// or, as newer GGUF files, the transposed key matrices in one tensor and the value matrices in another.
final class LatentAssembler {
    private final WeightAssembler tensors;
    private final ModelConfig config;
    private final Latent shape;
    private final TensorCopies copies;

    LatentAssembler(WeightAssembler tensors, ModelConfig config, Latent shape, TensorCopies copies) {
        this.tensors = tensors;
        this.config = config;
        this.shape = shape;
        this.copies = copies;
    }

    /// The projections of a layer.
    Weights.Latent latent(int layer) {
        int hidden = config.hidden();
        int queries = config.heads() * (shape.plain() + shape.turned());
        int rank = shape.queryRank();
        boolean split = tensors.present(KEY_UP, layer);
        return WeightsLatentBuilder.builder()
                .queryDown(rank == 0 ? null : Matrix.of(
                        Role.LATENT_DOWN, tensors.matrix(QUERY_DOWN, layer, rank, hidden)))
                .queryNorm(rank == 0 ? null : tensors.norm(QUERY_DOWN_NORM, layer, rank))
                .queryUp(Matrix.of(Role.QUERY_KEY_VALUE, rank == 0
                        ? tensors.matrix(QUERY, layer, queries, hidden)
                        : tensors.matrix(QUERY_UP, layer, queries, rank)))
                .keyDown(Matrix.of(Role.LATENT_DOWN,
                        tensors.matrix(KEY_DOWN, layer, shape.rank() + shape.turned(), hidden)))
                .keyNorm(tensors.norm(KEY_DOWN_NORM, layer, shape.rank()))
                .keyUp(split ? ofHeads(KEY_UP, layer, shape.rank(), shape.plain()) : turnedKeys(layer))
                .valueUp(split ? ofHeads(VALUE_UP, layer, shape.valueDim(), shape.rank()) : values(layer)).build();
    }

    /// The matrices of all heads, [rows, columns] each, from the tensor that holds them one after another.
    private List<Matrix> ofHeads(TensorRole role, int layer, int rows, int columns) {
        var all = tensors.matrix(role, layer, config.heads() * rows, columns);
        var matrices = new ArrayList<Matrix>();
        for (int head = 0; head < config.heads(); head++) {
            matrices.add(matrix(new RowRange(all, head * rows, rows)));
        }
        return matrices;
    }

    /// The transposed key matrices from the tensor that holds, for each head, its key matrix above its value matrix.
    private List<Matrix> turnedKeys(int layer) {
        int both = shape.plain() + shape.valueDim();
        var all = tensors.matrix(KEY_VALUE_UP, layer, config.heads() * both, shape.rank());
        var matrices = new ArrayList<Matrix>();
        for (int head = 0; head < config.heads(); head++) {
            matrices.add(matrix(RowRange.whole(copies.turnedPart(all, head * both, shape.plain(), false))));
        }
        return matrices;
    }

    private List<Matrix> values(int layer) {
        int both = shape.plain() + shape.valueDim();
        var all = tensors.matrix(KEY_VALUE_UP, layer, config.heads() * both, shape.rank());
        var matrices = new ArrayList<Matrix>();
        for (int head = 0; head < config.heads(); head++) {
            matrices.add(matrix(new RowRange(all, head * both + shape.plain(), shape.valueDim())));
        }
        return matrices;
    }

    private static Matrix matrix(RowRange range) {
        return new Matrix(Role.LATENT_UP, List.of(range), 1);
    }
}
