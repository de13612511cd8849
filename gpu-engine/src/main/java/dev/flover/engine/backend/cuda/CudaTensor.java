package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Tensor;

/// Activations on the device, with the arrays that some products need: 16-bit copies, which products on tensor cores
/// read, and sums of squares of rows, which products read that normalise rows as they load them.
///
/// Either array is allocated when a product first needs it. From then on the verbs that write the tensor write it too.
final class CudaTensor implements Tensor {
    /// Which count of the plan limits the rows that are live.
    enum Counter {
        ROWS(0),
        SAMPLES(1),
        /// Pairs of a row and one of the experts that the router chose for it.
        PLACES(6);

        /// The index of the count's word in the plan; see `plan.cuh`.
        final int word;

        Counter(int word) {
            this.word = word;
        }
    }

    /// Columns of a partial sum; see `norm.cuh`.
    private static final int PIECE = 32;

    private final Driver driver;
    private final int rows;
    private final int columns;
    private final long values;
    private long half;
    private long bfloat;
    private long squares;
    private Counter counter = Counter.ROWS;
    private boolean copiesFresh;
    private boolean squaresFresh;

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

    /// The device address of the sums of squares; 0 until a product has needed them.
    long squares() {
        return squares;
    }

    Counter counter() {
        return counter;
    }

    boolean copiesFresh() {
        return copiesFresh;
    }

    /// Notes that a verb wrote the tensor.
    void written(Counter counter, boolean withCopies) {
        this.counter = counter;
        copiesFresh = withCopies;
        squaresFresh = false;
    }

    /// Notes that a verb wrote the tensor, with sums of squares if they are allocated, and without copies.
    void writtenWithSquares(Counter counter) {
        written(counter, false);
        squaresFresh = squares != 0;
    }

    /// Makes sure that sums of squares are allocated. Returns whether they are up to date.
    boolean wantSquares() {
        if (squares == 0) {
            squares = driver.allocate(4L * rows * Math.ceilDiv(columns, PIECE), "sums of squares");
        }
        return squaresFresh;
    }

    /// Makes sure that the 16-bit copy for weights of this storage is allocated. Returns the copy's address.
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
