package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Tensor;

/// Activations, and the 16-bit copies that products on tensor cores read.
///
/// Copies are allocated when a product first wants one; from then on verbs that feed products write them too.
final class CudaTensor implements Tensor {
    /// Which of the plan's counts limits the rows.
    enum Counter { ROWS, SAMPLES }

    private final Driver driver;
    private final int rows;
    private final int columns;
    private final long values;
    private long half;
    private long bfloat;
    private Counter counter = Counter.ROWS;
    private boolean copiesFresh;

    CudaTensor(Driver driver, int rows, int columns) {
        this.driver = driver;
        this.rows = rows;
        this.columns = columns;
        values = driver.allocate(4L * rows * columns, "activations");
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    long values() {
        return values;
    }

    long half() {
        return half;
    }

    long bfloat() {
        return bfloat;
    }

    Counter counter() {
        return counter;
    }

    boolean copiesFresh() {
        return copiesFresh;
    }

    /// A verb wrote it.
    void written(Counter counter, boolean withCopies) {
        this.counter = counter;
        copiesFresh = withCopies;
    }

    /// Makes sure of the copy that weights of a storage are multiplied with. Returns its address.
    long copyFor(Storage storage) {
        if (storage == Storage.BF16) {
            if (bfloat == 0) {
                bfloat = driver.allocate(2L * rows * columns, "bf16 activations");
                copiesFresh = false;
            }
            return bfloat;
        }
        if (half == 0) {
            half = driver.allocate(2L * rows * columns, "f16 activations");
            copiesFresh = false;
        }
        return half;
    }
}
