package dev.flover.engine.backend;

import dev.flover.engine.api.EngineException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs submitted steps in order on a thread of its own, so that the owner thread need not wait for a device.
///
/// ```
///   owner    submit k+1                 ended() > k ─► reads k's results
///              │ ring of plans                │
///   runner     └──► step k ──► step k+1 ──────┘
/// ```
///
/// There is one owner thread. A plan belongs to the runner thread from [#submit] until [#ended] counts its step. When a
/// step fails, no later step runs.
public final class StepQueue implements AutoCloseable {
    /// How often a thread checks its condition before it sleeps. That is a few microseconds, since other threads need
    /// the core.
    private static final int SPINS = 200;

    private final Consumer<StepPlan> launch;
    private final Consumer<StepPlan> finish;
    private final int ahead;
    private final StepPlan[] ring;
    private final long[] endNanos;
    private final Thread runner;
    private volatile long submitted;
    private volatile long ended;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;
    private volatile boolean runnerWaits;
    private volatile @Nullable Thread waitingOwner;
    private volatile Runnable onStepEnd = () -> { };

    /// @param depth       most steps that may be submitted and not yet ended
    /// @param computation computes one step and returns when its results are in the plan
    public StepQueue(int depth, Consumer<StepPlan> computation) {
        this(depth, 1, computation, plan -> { });
    }

    /// A queue for a device that computes while the runner thread waits.
    ///
    /// @param depth  most steps that may be submitted and not yet ended
    /// @param ahead  most steps that may be launched and not yet finished: with 2, a step is launched before the last
    ///     has ended
    /// @param launch gives a step to the device
    /// @param finish returns when the results of the oldest launched step are in its plan
    public StepQueue(int depth, int ahead, Consumer<StepPlan> launch, Consumer<StepPlan> finish) {
        this.launch = launch;
        this.finish = finish;
        this.ahead = ahead;
        ring = new StepPlan[depth];
        endNanos = new long[depth];
        runner = Thread.ofPlatform().name("flover-steps").daemon().unstarted(this::run);
        runner.start();
    }

    /// Registers a callback that the runner thread runs whenever a step ends or fails.
    public void onStepEnd(Runnable wake) {
        onStepEnd = wake;
    }

    public void submit(StepPlan plan) {
        long number = submitted;
        assert number - ended < ring.length;
        ring[(int) (number % ring.length)] = plan;
        submitted = number + 1;
        if (runnerWaits) {      // rarely true under load: the runner is then still computing the step before
            LockSupport.unpark(runner);
        }
    }

    /// How many steps have ended since the start.
    ///
    /// @throws EngineException if one has failed, with its cause
    public long ended() {
        var cause = failure;
        if (cause != null) {
            String what = cause instanceof EngineException ? cause.getMessage() : cause.toString();
            throw new EngineException("step " + (ended + 1) + " failed: " + what, cause);
        }
        return ended;
    }

    /// The time in ns at which a step ended, on the clock of [System#nanoTime]. Called by the owner.
    ///
    /// @param number the number of a step that has ended, from 1, after which at most `depth` were submitted
    public long endNanos(long number) {
        return endNanos[(int) ((number - 1) % ring.length)];
    }

    /// Waits until `count` steps have ended.
    ///
    /// @throws EngineException if one fails, with its cause
    public void await(long count) {
        waitingOwner = Thread.currentThread();
        for (int spins = 0; ended() < count; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        waitingOwner = null;
    }

    /// Waits for the step that is being computed, and drops the steps after it.
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(runner);
        Threads.awaitEnds(runner);
    }

    private void run() {
        long launched = 0;
        while (awaitSubmitted()) {
            try {
                while (launched < submitted && launched - ended < ahead) {
                    launch.accept(ring[(int) (launched % ring.length)]);
                    launched++;
                }
                finish.accept(ring[(int) (ended % ring.length)]);
                endNanos[(int) (ended % ring.length)] = System.nanoTime();
                ended = ended + 1;      // only this thread writes it
            } catch (Throwable thrown) {        // the owner must learn of every kind of failure
                failure = thrown;
            }
            LockSupport.unpark(waitingOwner);
            onStepEnd.run();
            if (failure != null) {
                return;
            }
        }
    }

    private boolean awaitSubmitted() {
        for (int spins = 0; submitted == ended && !closed; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                runnerWaits = true;     // set before the check below: a submit after this line unparks the runner
                if (submitted == ended && !closed) {
                    LockSupport.park(this);
                }
            }
        }
        runnerWaits = false;
        return !closed;
    }
}
