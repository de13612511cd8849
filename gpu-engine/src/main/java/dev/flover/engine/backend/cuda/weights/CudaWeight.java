package dev.flover.engine.backend.cuda.weights;

import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Arguments.Struct;
import dev.flover.engine.tensor.Matrix;

/// A weight matrix on the device, in the layout of `weight.cuh`.
///
/// @param values device address
/// @param scales device address; 0 if the storage has no scales
public record CudaWeight(Matrix.Role role, WeightShape shape, long values, long scales) implements Weight, Struct {
    /// Writes `struct Weight` of weight.cuh.
    @Override
    public void writeTo(Arguments arguments) {
        arguments.pointer(values).pointer(scales)
                .integer(shape.storage().number()).integer(shape.outputs()).integer(shape.inputs())
                .integer(shape.shards()).integer(shape.shardInputs()).integer(shape.shardChunks());
    }

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
