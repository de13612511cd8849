package dev.flover.engine.backend.cuda.weights;

import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.tensor.Matrix;

/// Generates random weights on the device. The layout of `weight.cuh` does not matter, as all places get equal
/// distributions.
public final class WeightGenerator {
    private static final int THREADS = 256;
    private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

    /// The values with which memory is filled, by their numbers in `randomise.cu`.
    public enum Form {
        F32(0),
        F16(1),
        BF16(2),
        BITS(3),
        CONSTANT(4);

        public final int number;

        Form(int number) {
            this.number = number;
        }
    }

    private final Driver driver;
    private final int kernel;
    private final Arguments arguments = new Arguments();

    /// @param kernel the number of the kernel `randomise`
    public WeightGenerator(Driver driver, int kernel) {
        this.driver = driver;
        this.kernel = kernel;
    }

    /// Generates weights with a standard deviation of 1.5 / sqrt(inputs), so that products with normalised activations
    /// have about the magnitude of the activations.
    public CudaWeight generate(Matrix.Role role, WeightShape shape, long seed) {
        float deviation = (float) (1.5 / Math.sqrt(shape.inputs()));
        long values = driver.allocate(shape.valueBytes(), "weights");
        long scales = shape.scaleBytes() == 0 ? 0 : driver.allocate(shape.scaleBytes(), "scales of weights");
        switch (shape.storage()) {
            case F32 -> fill(values, shape.valueBytes(), seed, Form.F32, 0, deviation);
            case F16 -> fill(values, shape.valueBytes(), seed, Form.F16, 0, deviation);
            case BF16 -> fill(values, shape.valueBytes(), seed, Form.BF16, 0, deviation);
            case Q8 -> {
                fill(values, shape.valueBytes(), seed, Form.BITS, 0, 0);
                int scale = halfBits(deviation / 73.9f);     // 73.9 is the standard deviation of uniform bytes
                fill(scales, shape.scaleBytes(), seed, Form.CONSTANT, scale << 16 | scale, 0);
            }
            case Q4 -> {
                fill(values, shape.valueBytes(), seed, Form.BITS, 0, 0);
                float scale = deviation / 4.6f;              // 4.6 is the standard deviation of uniform nibbles
                int both = halfBits(-7.5f * scale) << 16 | halfBits(scale);
                fill(scales, shape.scaleBytes(), seed, Form.CONSTANT, both, 0);
            }
        }
        return new CudaWeight(role, shape, values, scales);
    }

    private void fill(long to, long bytes, long seed, Form form, int constant, float deviation) {
        arguments.begin().pointer(to).wide(bytes / 4).wide(seed).integer(form.number).integer(constant).real(deviation);
        driver.launch(kernel, BLOCKS_PER_MULTIPROCESSOR * driver.properties().multiprocessors(), 1, 1, THREADS, 0,
                arguments);
    }

    private static int halfBits(float value) {
        return Float.floatToFloat16(value) & 0xFFFF;
    }
}
