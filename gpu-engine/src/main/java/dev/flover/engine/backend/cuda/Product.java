package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.cuda.weights.CudaWeight;
import dev.flover.engine.backend.cuda.weights.Storage;
import dev.flover.engine.model.ModelConfig.Activation;
import io.soabase.recordbuilder.core.RecordBuilder;
import org.jspecify.annotations.Nullable;

/// One matrix product with the operations that its kernel fuses: `out = activation(norm(in) * weightᵀ + bias)`, or `out
/// += ...` where `adds`.
///
/// @param bias       null for none
/// @param adds       whether the result is added to the content of `out`
/// @param norm       an RMS norm of `in`, whose rows' sums of squares are up to date; null for none
/// @param activation null for none
/// @param gated      whether the activation of the first half of the outputs is multiplied by the second half
/// @param heads      how outputs that are queries, keys and values are rotated and stored; null for other outputs
@RecordBuilder
record Product(
        CudaTensor out, CudaTensor in, CudaWeight weight, @Nullable Vector bias,
        boolean adds, @Nullable Norm norm, @Nullable Activation activation, boolean gated, @Nullable Heads heads)
        implements ProductBuilder.With {
    /// Which outputs a group of 32 consists of, as `project.cuh` numbers it.
    enum Pairing {
        IN_ORDER(0),
        GATED(1),
        TO_HEADS(2);

        final int number;

        Pairing(int number) {
            this.number = number;
        }
    }

    /// As `activation.cuh` numbers it.
    static final int NO_ACTIVATION = -1;

    Product {
        assert norm == null && activation == null && heads == null
                || weight.shape().storage() != Storage.F32 : "f32 is not fused";
        assert activation != null || !gated;
    }

    Product(Tensor out, Tensor in, Weight weight, @Nullable Vector bias) {
        this((CudaTensor) out, (CudaTensor) in, (CudaWeight) weight, bias, false, null, null, false, null);
    }

    Product added() {
        return withAdds(true);
    }

    Product normalised(Norm norm) {
        return withNorm(norm);
    }

    Product activated(Activation activation, boolean gated) {
        return with(product -> product.activation(activation).gated(gated));
    }

    Product toHeads(Heads heads) {
        return withHeads(heads);
    }

    Pairing pairing() {
        return gated ? Pairing.GATED : heads != null ? Pairing.TO_HEADS : Pairing.IN_ORDER;
    }
}
