package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Tensor;

/// Activations, and what is kept beside them: the 16-bit copies that products on tensor cores read, and the sums of
/// squares of rows for products that normalise them as they load them.
///
/// Either is allocated when a product first wants it; from then on verbs that feed such products write it too.
final class CudaTensor implements Tensor {
    /// Which of the plan's counts limits the rows.
    enum Counter {
        ROWS(0),
        SAMPLES(1),
        /// Pairs of a row and one of the experts that the router chose for it.
        PLACES(6);

        /// Where it is in the plan; `plan.cuh`.
        final int word;

        Counter(int word) {
            this.word = word;
        }
    }

    /// Columns of a partial sum; `norm.cuh`.
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

    /// 0 where nobody has wanted them.
    long squares() {
        return squares;
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
        squaresFresh = false;
    }

    /// A verb wrote it, with sums of squares where they have been wanted, and without copies.
    void writtenWithSquares(Counter counter) {
        written(counter, false);
        squaresFresh = squares != 0;
    }

    /// From now on sums of squares are wanted. Returns whether they are there.
    boolean wantSquares() {
        if (squares == 0) {
            squares = driver.allocate(4L * rows * Math.ceilDiv(columns, PIECE), "sums of squares");
        }
        return squaresFresh;
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
