package dev.flover.engine.backend.cuda.weights;

import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.cuda.driver.Driver;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.AbstractList;
import java.util.List;
import java.util.function.ToLongFunction;

/// The matrices of all experts of a layer on the device, and tables of their addresses, also on the device.
public final class ExpertWeights extends AbstractList<Weight> {
    private final List<CudaWeight> weights;
    private final long values;
    private final long scales;

    public ExpertWeights(Driver driver, List<CudaWeight> weights) {
        this.weights = weights;
        for (var weight : weights) {
            if (!weight.shape().equals(shape())) {
                throw new IllegalArgumentException("the cuda backend needs all experts of a layer in the same "
                        + "shape and format; found " + shape() + " and " + weight.shape());
            }
        }
        values = table(driver, CudaWeight::values);
        scales = table(driver, CudaWeight::scales);
    }

    private long table(Driver driver, ToLongFunction<CudaWeight> address) {
        long table = driver.allocate((long) Long.BYTES * weights.size(), "addresses of experts");
        try (var arena = Arena.ofConfined()) {
            driver.upload(table, arena.allocateFrom(
                    ValueLayout.JAVA_LONG, weights.stream().mapToLong(address).toArray()));
        }
        return table;
    }

    public WeightShape shape() {
        return weights.getFirst().shape();
    }

    /// The device address of a table of the experts' weight addresses.
    public long values() {
        return values;
    }

    /// The device address of a table of the experts' scale addresses.
    public long scales() {
        return scales;
    }

    @Override
    public CudaWeight get(int index) {
        return weights.get(index);
    }

    @Override
    public int size() {
        return weights.size();
    }
}
