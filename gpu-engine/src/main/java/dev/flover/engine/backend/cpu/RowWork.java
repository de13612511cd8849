package dev.flover.engine.backend.cpu;

/// Work that is the same for every row. Its rows are shared among the workers if there is enough work.
abstract class RowWork implements Workers.Job {
    /// The least elements of a tile, below which a second thread costs more than it gains.
    private static final int WORTHWHILE = 8192;

    private final Workers workers;
    private int rows;
    private int rowsOfATile;

    RowWork(Workers workers) {
        this.workers = workers;
    }

    /// @param elements elements of a row that are read or written, weighted by the cost of one
    final void share(int rows, int elements) {
        this.rows = rows;
        rowsOfATile = Math.max(1, WORTHWHILE / elements);
        workers.run(this, Math.ceilDiv(rows, rowsOfATile));
    }

    @Override
    public final void run(int tile, int worker) {
        int first = tile * rowsOfATile;
        rows(first, Math.min(rowsOfATile, rows - first), worker);
    }

    abstract void rows(int first, int count, int worker);
}
