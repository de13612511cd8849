package dev.flover.engine.backend.cpu;

/// Work that is the same for every row, shared out by rows where there is enough of it.
abstract class RowWork implements Workers.Job {
    /// Elements worth handing to another thread.
    private static final int WORTHWHILE = 8192;

    private final Workers workers;
    private int rows;
    private int rowsOfATile;

    RowWork(Workers workers) {
        this.workers = workers;
    }

    /// @param elements touched in a row, weighted by what one costs
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
