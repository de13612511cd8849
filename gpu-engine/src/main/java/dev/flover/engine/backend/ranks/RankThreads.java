package dev.flover.engine.backend.ranks;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.Threads;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A thread for each rank, or for each rank but the first, which the calling thread then computes.
final class RankThreads implements AutoCloseable {
    /// How long a thread spins for the next task before it parks, if there is a processor for each rank.
    private static final long SPIN_NANOS = 50_000;

    private final @Nullable IntConsumer onStart;
    private final Runnable onFailure;
    private final int ranks;
    private final long spinNanos;
    private final Thread[] threads;
    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicReference<EngineException> failure = new AtomicReference<>();
    private @Nullable IntConsumer task;
    private volatile long number;
    private volatile @Nullable Thread caller;
    private volatile boolean closed;

    /// @param onStart   called on the thread of each rank, with the rank, before it computes anything; null for none,
    ///     and then the calling thread computes the first rank
    /// @param onFailure called when a rank has failed, on its thread
    RankThreads(int ranks, @Nullable IntConsumer onStart, Runnable onFailure) {
        this.ranks = ranks;
        spinNanos = ranks <= Runtime.getRuntime().availableProcessors() ? SPIN_NANOS : 0;
        this.onStart = onStart;
        this.onFailure = onFailure;
        threads = new Thread[onStart == null ? ranks - 1 : ranks];
        for (int i = 0; i < threads.length; i++) {
            int rank = ranks - threads.length + i;
            threads[i] = Thread.ofPlatform().daemon().name("flover-rank-" + rank).start(() -> serve(rank));
        }
    }

    /// Runs a task for every rank at once, and returns when all have ended. Allocates nothing.
    ///
    /// @throws EngineException with the failure of the first rank that failed; later calls throw it again
    void each(IntConsumer task) {
        throwIfFailed();
        this.task = task;
        unfinished.set(threads.length);
        caller = Thread.currentThread();
        number = number + 1;        // only the caller writes it
        for (var thread : threads) {
            LockSupport.unpark(thread);
        }
        if (threads.length < ranks) {
            run(0, task);
        }
        long begin = System.nanoTime();
        while (unfinished.get() > 0) {
            if (System.nanoTime() - begin < spinNanos) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        throwIfFailed();
    }

    private void throwIfFailed() {
        var found = failure.get();
        if (found != null) {
            throw new EngineException(found.getMessage(), Objects.requireNonNull(found.getCause()));
        }
    }

    private void run(int rank, IntConsumer task) {
        try {
            task.accept(rank);
        } catch (Throwable thrown) {        // the caller must learn of every kind of failure
            String what = thrown instanceof EngineException || thrown instanceof IllegalArgumentException
                    ? thrown.getMessage() : thrown.toString();
            failure.compareAndSet(null, new EngineException(
                    "rank " + rank + " of " + ranks + " failed: " + what, thrown));
            onFailure.run();
        }
    }

    private void serve(int rank) {
        if (onStart != null) {
            onStart.accept(rank);
        }
        for (long done = 0; awaitTask(done); done++) {
            assert task != null : "a task was awaited";
            run(rank, task);
            if (unfinished.decrementAndGet() == 0) {
                LockSupport.unpark(caller);
            }
        }
    }

    /// Waits for a task after `done` tasks; returns false when there will be none.
    private boolean awaitTask(long done) {
        long begin = System.nanoTime();
        while (number == done && !closed) {
            if (System.nanoTime() - begin < spinNanos) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        return !closed;
    }

    /// Ends the threads. No task may be running.
    @Override
    public void close() {
        closed = true;
        for (var thread : threads) {
            LockSupport.unpark(thread);
        }
        Threads.awaitEnds(threads);
    }
}
