package dev.flover.engine.backend.cpu;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// The threads of one backend: they share the tiles of a job out by a counter, so that a slow core simply takes fewer.
///
/// ```
///   owner    publishes the job ─► takes tiles ─────────► waits for tiles still being computed, or takes them away
///   workers  spin a while ──────► take tiles ─► spin ... and park when nothing comes
/// ```
///
/// The owner takes part, and waits only for workers that hold a tile. One that the operating system has put aside with
/// a tile in its hands loses it to the owner after a while, where the job is [Revocable]. Jobs are run by one thread at
/// a time. A job allocates nothing.
final class Workers implements AutoCloseable {
    /// A piece of work: called once for every tile.
    interface Job {
        /// @param worker in [0, threads): for scratch memory
        void run(int tile, int worker);
    }

    /// A job whose tiles the workers compute aside and then publish, so that the owner can take one away and compute it
    /// itself: the worker may go on with it at any later time, while the owner is several jobs ahead, and nobody sees
    /// what it does.
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

    /// What one worker computes of a revocable job, in memory of its own.
    interface Piece {
        /// Computes a tile in its place.
        void run(int tile);

        /// Notes what the tile needs. Where the tile has been taken away meanwhile, it may read values of the next job,
        /// or of both: nothing else is called then.
        void prepare(int tile);

        /// Computes what was prepared, aside. Where the tile has been taken away, what it reads may change under its
        /// hands, but stays memory of this backend.
        void compute();

        /// Brings what was computed aside to its place.
        void publish();
    }

    /// How long a worker looks for the next job before it parks; operations of a step follow each other faster.
    private static final long SPIN_NANOS = 50_000;

    /// What a job must take one thread at least to be shared. Less than this is soon done, and a helper whose core
    /// somebody else takes, while it holds a tile, holds the step up for much longer.
    static final long WORTHWHILE_NANOS = 15_000;

    /// How much longer than twice what a tile should take the owner waits before it takes one away.
    static final long PATIENCE_NANOS = 20_000;

    private static final int SPINS_A_LOOK = 64;
    private static final int OWNER = 0;
    private static final int LINE = 64 / Integer.BYTES;
    private static final int TILE_BITS = 24;
    private static final int TILE_MASK = (1 << TILE_BITS) - 1;

    /// The current job's number, its tiles, and the next one to take. In one word, so that who takes a tile knows
    /// whether there was one, and of which job.
    private final AtomicLong state = new AtomicLong();
    private final AtomicInteger unfinished = new AtomicInteger();
    /// By worker, a cache line each: the tile of a revocable job that it computes, and one; 0 for none. Who sets it to
    /// 0, the worker or the owner, has the tile.
    private final AtomicIntegerArray claims;
    private final Thread[] threads;
    private volatile Job job;
    private volatile Throwable failure;
    private volatile boolean closed;
    private final AtomicInteger parked = new AtomicInteger();
    private final long worthwhileNanos;
    private final long patienceNanos;
    private long number;

    Workers(int count, String name) {
        this(count, name, WORTHWHILE_NANOS, PATIENCE_NANOS);
    }

    /// @param worthwhileNanos what a job must take at least to be shared
    /// @param patienceNanos   how much longer than twice what a tile should take the owner waits before it takes one
    ///                        away
    Workers(int count, String name, long worthwhileNanos, long patienceNanos) {
        this.worthwhileNanos = worthwhileNanos;
        this.patienceNanos = patienceNanos;
        claims = new AtomicIntegerArray(count * LINE);
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = Thread.ofPlatform().daemon().name(name + "-" + worker).unstarted(() -> work(worker));
        }
        for (var thread : threads) {
            thread.start();
        }
    }

    /// Threads that compute, the owner included.
    int count() {
        return threads.length + 1;
    }

    /// Runs every tile; returns when all have ended.
    ///
    /// @throws RuntimeException what a tile threw
    void run(Job work, int tiles) {
        share(work, tiles, Long.MAX_VALUE);
    }

    /// As [#run(Job, int)], on this thread alone if that is soon done.
    ///
    /// @param nanos what all tiles take one thread, about
    void run(Job work, int tiles, long nanos) {
        if (nanos < worthwhileNanos) {
            runAlone(work, tiles);
        } else {
            share(work, tiles, patienceNanos + 2 * nanos / tiles);
        }
    }

    private static void runAlone(Job work, int tiles) {
        for (int tile = 0; tile < tiles; tile++) {
            work.run(tile, OWNER);
        }
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
            throw new IllegalStateException("a tile of " + work + " failed", thrown);
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
            VarHandle.acquireFence();       // all values are read before the claim; pairs with the owner's fence
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
                Thread.yield();     // a worker was put aside with a tile in its hands: let it have this core
            }
        }
    }

    /// Computes what workers hold.
    private void takeBack() {
        for (int worker = OWNER + 1; worker < count(); worker++) {
            int claim = claims.get(worker * LINE);
            if (claim != 0 && claims.compareAndSet(worker * LINE, claim, 0)) {
                VarHandle.releaseFence();       // the next job's values are written after the claim
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

    /// Ends the threads; no job may be running.
    @Override
    public void close() {
        closed = true;
        for (var thread : threads) {
            LockSupport.unpark(thread);
        }
        for (var thread : threads) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
