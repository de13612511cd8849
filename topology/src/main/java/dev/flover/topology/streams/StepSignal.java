package dev.flover.topology.streams;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Lets the stream thread sleep while steps are under way, until one of them has ended.
///
/// ```
///   stream thread   pump ─► await ......................... ─► tick: pump ─► ...
///   engine's thread            step .............. ended ─┘
/// ```
///
/// Without it the thread would look again every millisecond, on a core that the step could use.
public final class StepSignal {
    private volatile boolean ended;
    private volatile boolean underWay;
    private volatile boolean full;
    private volatile Thread waiting;

    /// A step has ended or failed. Any thread may tell.
    public void stepEnded() {
        ended = true;
        LockSupport.unpark(waiting);
    }

    /// The owner is about to take the ended steps; a step that ends from now on wakes it again.
    public void taking() {
        ended = false;
    }

    /// @param steps whether any are under way
    /// @param full  whether every slot is taken
    public void launched(boolean steps, boolean full) {
        underWay = steps;
        this.full = full;
    }

    boolean isStepUnderWay() {
        return underWay;
    }

    /// Whether nothing that arrives could join before a step has ended.
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
