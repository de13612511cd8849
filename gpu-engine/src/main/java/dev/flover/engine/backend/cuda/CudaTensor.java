package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Arguments.Struct;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.weights.Storage;
import org.jspecify.annotations.Nullable;

/// Activations on the device, with the arrays that some products need: 16-bit copies, which products on tensor cores
/// read, and sums of squares of rows, which products read that normalise rows as they load them.
///
/// Either array is allocated when a product first needs it. From then on the verbs that write the tensor write it too.
final class CudaTensor implements Tensor, Struct {
    /// Which count of the plan limits the rows that are live.
    enum Counter {
        ROWS(0),
        SAMPLES(1),
        /// Pairs of a row and one of the experts that the router chose for it.
        PLACES(6),
        /// Pairs of a row and one of its heads.
        HEADS(7);

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

    /// Writes `struct Tensor` of operand.cuh with the 16-bit copies that products read.
    @Override
    public void writeTo(Arguments arguments) {
        arguments.pointer(values).pointer(half).pointer(bfloat).pointer(0);
    }

    /// `struct Tensor` with the sums of squares of its rows, if they are allocated, and without 16-bit copies.
    Struct withSquares() {
        return arguments -> arguments.pointer(values).pointer(0).pointer(0).pointer(squares);
    }

    /// `struct RowNorm` of project.cuh, for a product that reads this tensor.
    ///
    /// @param norm null for none
    Struct rowNorm(@Nullable Norm norm) {
        if (norm == null) {
            return arguments -> arguments.pointer(0).pointer(0).pointer(0).wide(0);
        }
        return arguments -> arguments.pointer(values).pointer(squares).pointer(CudaVector.addressOf(norm.weight()))
                .real(norm.epsilon()).align();
    }
}
