package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.model.ModelConfig.Activation;

/// One product, with all that its launch does beside it: `out (+)= activation(norm(in) * weightᵀ + bias)`.
///
/// @param bias       null for none
/// @param adds       whether the result is added to what `out` holds
/// @param norm       an RMS norm of rows whose sums of squares are there; null for none
/// @param activation null for none
/// @param gated      the activation is of the first half of the outputs, times the second
/// @param heads      outputs are queries, keys and values: how they are turned and where they go; null if they are not
record Product(
        CudaTensor out, CudaTensor in, CudaWeight weight, Vector bias,
        boolean adds, Norm norm, Activation activation, boolean gated, Heads heads) {
    /// Which outputs a group of 32 has, as `project.cuh` numbers it.
    enum Pairing { IN_ORDER, GATED, TO_HEADS }

    Product {
        assert norm == null && activation == null && heads == null
                || weight.shape().storage() != Storage.F32 : "f32 is not fused";
        assert activation != null || !gated;
    }

    Product(Tensor out, Tensor in, Weight weight, Vector bias) {
        this((CudaTensor) out, (CudaTensor) in, (CudaWeight) weight, bias, false, null, null, false, null);
    }

    Product added() {
        return new Product(out, in, weight, bias, true, norm, activation, gated, heads);
    }

    Product normalised(Norm norm) {
        return new Product(out, in, weight, bias, adds, norm, activation, gated, heads);
    }

    Product activated(Activation activation, boolean gated) {
        return new Product(out, in, weight, bias, adds, norm, activation, gated, heads);
    }

    Product toHeads(Heads heads) {
        return new Product(out, in, weight, bias, adds, norm, activation, gated, heads);
    }

    Pairing pairing() {
        return gated ? Pairing.GATED : heads != null ? Pairing.TO_HEADS : Pairing.IN_ORDER;
    }
}
