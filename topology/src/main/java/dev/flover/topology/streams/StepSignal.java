package dev.flover.topology.streams;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Lets the stream thread sleep while the engine computes steps, until one of them has ended.
///
/// ```
///   stream thread   pump ─► await ......................... ─► tick: pump ─► ...
///   engine's thread            step .............. ended ─┘
/// ```
///
/// Without the signal, the stream thread would look at the engine every millisecond, on a core that the step could use.
public final class StepSignal {
    private volatile boolean ended;
    private volatile boolean underWay;
    private volatile boolean full;
    private volatile @Nullable Thread waiting;

    /// Signals that a step has ended or failed. May be called on any thread.
    public void stepEnded() {
        ended = true;
        LockSupport.unpark(waiting);
    }

    /// Resets the signal before the stream thread takes in the ended steps; a step that ends from now on wakes the
    /// thread again.
    public void taking() {
        ended = false;
    }

    /// Sets the engine's state after steps were launched.
    ///
    /// @param steps whether any step is in progress
    /// @param full  whether every slot is taken
    public void launched(boolean steps, boolean full) {
        underWay = steps;
        this.full = full;
    }

    boolean isStepUnderWay() {
        return underWay;
    }

    /// Whether every slot is taken, so that a new request could not join before a step has ended.
    public boolean isFull() {
        return full;
    }

    /// Sleeps until a step has ended, within the limit. Where an ended step was not taken yet, sleeps for one tick.
    void await(Duration limit, Duration tick) {
        waiting = Thread.currentThread();
        if (ended) {
            LockSupport.parkNanos(this, tick.toNanos());
        } else {
            long until = System.nanoTime() + limit.toNanos();
            for (long left = limit.toNanos(); left > 0 && !ended; left = until - System.nanoTime()) {
                LockSupport.parkNanos(this, left);
                if (Thread.currentThread().isInterrupted()) {
                    break;      // the caller handles the interrupt
                }
            }
        }
        waiting = null;
    }
}
