package dev.flover.engine.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// The threads of one backend: they share the tiles of a job out by a counter, so that a slow core simply takes fewer.
///
/// ```
///   owner    publishes the job ─► takes tiles ─────────► waits for tiles still being computed
///   workers  spin a while ──────► take tiles ─► spin ... and park when nothing comes
/// ```
///
/// The owner takes part, and waits only for workers that hold a tile: one that the operating system has put aside does
/// not hold anybody up. Jobs are run by one thread at a time. A job allocates nothing.
final class Workers implements AutoCloseable {
    /// A piece of work: called once for every tile.
    interface Job {
        /// @param worker in [0, threads): for scratch memory
        void run(int tile, int worker);
    }

    /// How long a worker looks for the next job before it parks; operations of a step follow each other faster.
    private static final long SPIN_NANOS = 50_000;

    /// What a job must take one thread at least to be shared. Less than this is soon done, and a helper whose core
    /// somebody else takes, while it holds a tile, holds the step up for much longer.
    static final long WORTHWHILE_NANOS = 15_000;

    private static final int TILE_BITS = 24;
    private static final int TILE_MASK = (1 << TILE_BITS) - 1;

    /// The current job's number, its tiles, and the next one to take. In one word, so that who takes a tile knows
    /// whether there was one, and of which job.
    private final AtomicLong state = new AtomicLong();
    private final AtomicInteger unfinished = new AtomicInteger();
    private final Thread[] threads;
    private volatile Job job;
    private volatile Throwable failure;
    private volatile boolean closed;
    private final AtomicInteger parked = new AtomicInteger();
    private final long worthwhileNanos;
    private long number;

    Workers(int count, String name) {
        this(count, name, WORTHWHILE_NANOS);
    }

    /// @param worthwhileNanos what a job must take at least to be shared
    Workers(int count, String name, long worthwhileNanos) {
        this.worthwhileNanos = worthwhileNanos;
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

    /// As [#run(Job, int)], on this thread alone if that is soon done.
    ///
    /// @param nanos what all tiles take one thread, about
    void run(Job work, int tiles, long nanos) {
        if (nanos < worthwhileNanos) {
            runAlone(work, tiles);
        } else {
            run(work, tiles);
        }
    }

    private static void runAlone(Job work, int tiles) {
        for (int tile = 0; tile < tiles; tile++) {
            work.run(tile, 0);
        }
    }

    /// Runs every tile; returns when all have ended.
    ///
    /// @throws RuntimeException what a tile threw
    void run(Job work, int tiles) {
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
        takeTiles(0);
        awaitOthers();
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
            try {
                job.run(next(taken), worker);
            } catch (RuntimeException | Error e) {
                failure = e;
            }
            unfinished.getAndDecrement();
        }
    }

    private void awaitOthers() {
        long started = 0;
        for (int spins = 1; unfinished.get() > 0; spins++) {
            if ((spins & 1023) != 0) {
                Thread.onSpinWait();
            } else if (started == 0) {
                started = System.nanoTime();
            } else if (System.nanoTime() - started > SPIN_NANOS) {
                Thread.yield();     // a worker was put aside with a tile in its hands: let it have this core
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
