package dev.flover.benchmarks.delivery;

import dev.flover.app.options.CommandException;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A slot for an instance of the pipeline, with its state folder, and the process that runs in it, if any.
final class Instance implements AutoCloseable {
    private static final long END_LIMIT_NANOS = 30_000_000_000L;
    /// Exit code of a JVM that gets SIGTERM before it has installed its handler.
    private static final int TERMINATED = 143;

    private final Supplier<VictimProcess> starting;
    private State state = State.ABSENT;
    private @Nullable VictimProcess process;
    private @Nullable StoppedProcess stopped;
    private boolean startsAgain;
    private long untilNanos;

    private enum State { ABSENT, RUNNING, PAUSED, ENDING }

    Instance(Supplier<VictimProcess> starting) {
        this.starting = starting;
    }

    void start() {
        process = starting.get();
        state = State.RUNNING;
    }

    void kill() {
        running().close();
        process = null;
        state = State.ABSENT;
    }

    /// Sends SIGTERM.
    ///
    /// @param again whether the process is started again when it has ended
    void end(boolean again) {
        running().terminate();
        startsAgain = again;
        untilNanos = System.nanoTime() + END_LIMIT_NANOS;
        state = State.ENDING;
    }

    /// Sends SIGSTOP, and SIGCONT after the given time in ns.
    void pause(long nanos) {
        stopped = StoppedProcess.stop(running().pid());
        untilNanos = System.nanoTime() + nanos;
        state = State.PAUSED;
    }

    /// Completes state changes that take time: resumes a paused process, starts an ended one again.
    ///
    /// @throws CommandException if the process has ended by itself, or has not ended in time after SIGTERM
    void tick() {
        switch (state) {
            case ABSENT -> { }
            case RUNNING -> running().throwIfEnded();
            case PAUSED -> resumeInTime();
            case ENDING -> awaitEnd();
        }
    }

    private void resumeInTime() {
        if (System.nanoTime() - untilNanos >= 0) {
            Objects.requireNonNull(stopped).close();
            stopped = null;
            state = State.RUNNING;
        }
    }

    private void awaitEnd() {
        var process = running();
        if (!process.isAlive()) {
            if (process.exitCode() != 0 && process.exitCode() != TERMINATED) {
                throw new CommandException("an instance was told to end by SIGTERM and ended with exit code "
                        + process.exitCode() + " instead of 0");
            }
            kill();
            if (startsAgain) {
                start();
            }
        } else if (System.nanoTime() - untilNanos >= 0) {
            throw new CommandException("an instance was told to end by SIGTERM and still runs after "
                    + END_LIMIT_NANOS / 1_000_000_000 + " s");
        }
    }

    boolean isRunning() {
        return state == State.RUNNING;
    }

    /// Tells whether the instance runs or will run again without a join.
    boolean takesPart() {
        return isRunning() || state == State.PAUSED || state == State.ENDING && startsAgain;
    }

    boolean isAbsent() {
        return state == State.ABSENT;
    }

    /// Tells whether the instance is absent, or runs and serves its partitions.
    boolean isAtRest() {
        return isAbsent() || isRunning() && running().isServing();
    }

    /// Returns the process; null if the instance is absent.
    @Nullable VictimProcess process() {
        return process;
    }

    /// Returns the process of an instance that is not absent.
    VictimProcess running() {
        return Objects.requireNonNull(process, "the instance is absent");
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
        if (stopped != null) {
            stopped.close();
        }
    }
}
