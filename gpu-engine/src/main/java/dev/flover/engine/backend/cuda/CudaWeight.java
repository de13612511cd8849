package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.tensor.Matrix;

/// A weight matrix on the device, in the layout of `weight.cuh`.
///
/// @param values device address
/// @param scales device address; 0 if the storage has no scales
record CudaWeight(Matrix.Role role, WeightShape shape, long values, long scales) implements Weight {
    @Override
    public int outputs() {
        return shape.outputs();
    }

    @Override
    public int inputs() {
        return shape.inputs();
    }

    @Override
    public long bytes() {
        return shape.valueBytes() + shape.scaleBytes();
    }
}
