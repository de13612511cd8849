package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Threads;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The threads of one backend. They take the tiles of a job from a shared counter, so that a slow core takes fewer
/// tiles.
///
/// ```
///   owner    publishes the job ─► takes tiles ─────────► waits for tiles still being computed, or takes them away
///   workers  spin a while ──────► take tiles ─► spin ... and park when no job comes
/// ```
///
/// The owner is the thread that calls [#run]. It computes tiles too, and waits only for workers that hold a tile. If
/// the operating system preempts a worker that holds a tile, the owner takes the tile away after a time limit and
/// computes it itself, where the job is [Revocable]. Only one thread at a time may run jobs. Running a job allocates
/// nothing.
final class Workers implements AutoCloseable {
    /// A piece of work that is called once for every tile.
    interface Job {
        /// @param worker number of the calling thread, in [0, threads), by which it chooses its scratch memory
        void run(int tile, int worker);
    }

    /// A job whose workers compute tiles in scratch memory and then publish them, so that the owner can take a tile
    /// away and compute it itself. A preempted worker may continue with its lost tile at any later time, while the
    /// owner is several jobs ahead; the worker's result is then discarded.
    ///
    /// ```
    ///   worker   claims a tile ─► prepare ─► compute ─────────────────────► gives the claim up ─► publish
    ///   owner                                └─ takes the claim away ─► run
    /// ```
    interface Revocable extends Job {
        Piece piece(int worker);

        @Override
        default void run(int tile, int worker) {
            piece(worker).run(tile);
        }
    }

    /// The computation of one worker's tile of a revocable job, with its own scratch memory.
    interface Piece {
        /// Computes a tile directly in its destination.
        void run(int tile);

        /// Copies the tile's parameters. If the tile has been taken away meanwhile, this method may read parameters of
        /// the next job, or a mixture of two jobs; then no other method is called afterwards.
        void prepare(int tile);

        /// Computes the prepared tile in scratch memory. If the tile has been taken away, the inputs may change during
        /// the computation, but they stay readable memory of this backend.
        void compute();

        /// Copies the result from scratch memory to its destination.
        void publish();
    }

    /// How long a worker spins for the next job before it parks. The jobs of a step follow each other faster than that.
    private static final long SPIN_NANOS = 50_000;

    /// The least time, on one thread, of a job that is shared. A shorter job gains little, and a worker that is
    /// preempted while it holds a tile delays the step by much more.
    static final long WORTHWHILE_NANOS = 15_000;

    /// The owner waits for a tile twice the tile's expected time, and this much longer, before it takes the tile away.
    static final long PATIENCE_NANOS = 20_000;

    private static final int SPINS_A_LOOK = 64;
    private static final int OWNER = 0;
    private static final int LINE = 64 / Integer.BYTES;
    private static final int TILE_BITS = 24;
    private static final int TILE_MASK = (1 << TILE_BITS) - 1;

    /// The current job's number, its number of tiles, and the next tile to take, packed into one word. So a thread that
    /// takes a tile learns at once whether the tile exists and which job it belongs to.
    private final AtomicLong state = new AtomicLong();
    private final AtomicInteger unfinished = new AtomicInteger();
    /// For each worker, in a cache line of its own: 1 plus the tile of a revocable job that the worker computes, or 0
    /// for none. The thread that sets the entry to 0, the worker or the owner, finishes the tile.
    private final AtomicIntegerArray claims;
    private final Thread[] threads;
    /// The job whose tiles are computed; before the first job, one without tiles.
    private volatile Job job = (tile, worker) -> { };
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;
    private final AtomicInteger parked = new AtomicInteger();
    private final long worthwhileNanos;
    private final long patienceNanos;
    private long number;

    Workers(int count, String name) {
        this(count, name, WORTHWHILE_NANOS, PATIENCE_NANOS);
    }

    /// @param worthwhileNanos the least time of a job, on one thread, that is shared
    /// @param patienceNanos   how much longer than twice a tile's expected time the owner waits before it takes the
    ///     tile away
    Workers(int count, String name, long worthwhileNanos, long patienceNanos) {
        this(count, name, worthwhileNanos, patienceNanos, () -> { });
    }

    /// @param onStart called by each thread but the owner before its first tile
    Workers(int count, String name, long worthwhileNanos, long patienceNanos, Runnable onStart) {
        this.worthwhileNanos = worthwhileNanos;
        this.patienceNanos = patienceNanos;
        claims = new AtomicIntegerArray(count * LINE);
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = Thread.ofPlatform().daemon().name(name + "-" + worker).unstarted(() -> {
                onStart.run();
                work(worker);
            });
        }
        for (var thread : threads) {
            thread.start();
        }
    }

    /// The number of threads that compute, the owner included.
    int count() {
        return threads.length + 1;
    }

    /// Runs every tile of a job; returns when all have ended.
    ///
    /// @throws IllegalStateException if a tile threw, with its exception as the cause
    void run(Job work, int tiles) {
        share(work, tiles, Long.MAX_VALUE);
    }

    /// Does the same as [#run(Job, int)], but on this thread alone if the job is short.
    ///
    /// @param nanos the expected time of all tiles on one thread
    void run(Job work, int tiles, long nanos) {
        if (nanos < worthwhileNanos) {
            runAlone(work, tiles);
        } else {
            share(work, tiles, patienceNanos + 2 * nanos / tiles);
        }
    }

    private static void runAlone(Job work, int tiles) {
        try {
            for (int tile = 0; tile < tiles; tile++) {
                work.run(tile, OWNER);
            }
        } catch (RuntimeException | Error e) {
            throw failed(e);
        }
    }

    private static IllegalStateException failed(Throwable thrown) {
        return new IllegalStateException("a tile failed: " + thrown, thrown);
    }

    private void share(Job work, int tiles, long patience) {
        assert tiles <= TILE_MASK - 4096;
        if (tiles == 1 || threads.length == 0) {
            runAlone(work, tiles);
            return;
        }
        job = work;
        unfinished.set(tiles);
        number++;
        state.set(number << 2 * TILE_BITS | (long) tiles << TILE_BITS);
        if (parked.get() > 0) {
            for (var thread : threads) {
                LockSupport.unpark(thread);
            }
        }
        takeTiles(OWNER);
        awaitOthers(patience);
        if (failure != null) {
            var thrown = failure;
            failure = null;
            throw failed(thrown);
        }
    }

    private void takeTiles(int worker) {
        while (hasTiles()) {
            long taken = state.getAndIncrement();
            if (next(taken) >= tiles(taken)) {
                return;
            }
            if (worker != OWNER && job instanceof Revocable revocable) {
                compute(revocable.piece(worker), next(taken), worker);
            } else {
                finish(next(taken), worker);
            }
        }
    }

    private void finish(int tile, int worker) {
        try {
            job.run(tile, worker);
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        unfinished.getAndDecrement();
    }

    private void compute(Piece piece, int tile, int worker) {
        claims.set(worker * LINE, tile + 1);
        Throwable thrown = null;
        try {
            piece.prepare(tile);
            VarHandle.acquireFence();       // all parameters are read before the claim is; pairs with the owner's fence
            if (claims.get(worker * LINE) == 0) {
                return;
            }
            piece.compute();
        } catch (RuntimeException | Error e) {
            thrown = e;
        }
        if (claims.getAndSet(worker * LINE, 0) == 0) {
            return;
        }
        if (thrown == null) {
            piece.publish();
        } else {
            failure = thrown;
        }
        unfinished.getAndDecrement();
    }

    private void awaitOthers(long patience) {
        long started = System.nanoTime();
        for (int spins = 1; unfinished.get() > 0; spins++) {
            if (spins % SPINS_A_LOOK != 0) {
                Thread.onSpinWait();
                continue;
            }
            long waited = System.nanoTime() - started;
            if (waited >= patience) {
                takeBack();
            }
            if (waited > SPIN_NANOS) {
                Thread.yield();     // a worker that holds a tile was preempted: let it run on this core
            }
        }
    }

    /// Computes the tiles that workers hold.
    private void takeBack() {
        for (int worker = OWNER + 1; worker < count(); worker++) {
            int claim = claims.get(worker * LINE);
            if (claim != 0 && claims.compareAndSet(worker * LINE, claim, 0)) {
                VarHandle.releaseFence();       // the next job's parameters are written after the claim
                finish(claim - 1, OWNER);
            }
        }
    }

    private void work(int worker) {
        while (!closed) {
            takeTiles(worker);
            if (!spinForTiles()) {
                parked.getAndIncrement();
                if (!hasTiles() && !closed) {
                    LockSupport.park(this);
                }
                parked.getAndDecrement();
            }
        }
    }

    private boolean spinForTiles() {
        long started = System.nanoTime();
        for (int spins = 1; !hasTiles(); spins++) {
            Thread.onSpinWait();
            if ((spins & 63) == 0 && System.nanoTime() - started > SPIN_NANOS) {
                return false;
            }
        }
        return true;
    }

    private boolean hasTiles() {
        long now = state.get();
        return next(now) < tiles(now);
    }

    private static int next(long state) {
        return (int) state & TILE_MASK;
    }

    private static int tiles(long state) {
        return (int) (state >>> TILE_BITS) & TILE_MASK;
    }

    /// Ends the threads. No job may be running.
    @Override
    public void close() {
        closed = true;
        for (var thread : threads) {
            LockSupport.unpark(thread);
        }
        Threads.awaitEnds(threads);
    }
}
