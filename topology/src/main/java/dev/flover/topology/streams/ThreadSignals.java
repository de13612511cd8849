package dev.flover.topology.streams;

import dev.flover.topology.config.PipelineConfig;
import java.util.function.LongSupplier;

/// The objects by which a stream thread and its Kafka clients tell each other of commits, holds and ended steps.
///
/// @param commits decides when the thread commits
/// @param early   sends tokens of eager requests before the commit
/// @param holds   the partitions that are held back
/// @param steps   wakes the thread when a step of its engine has ended
public record ThreadSignals(Commits commits, EarlySends early, PartitionHolds holds, StepSignal steps)
        implements AutoCloseable {
    /// @param clock a monotonic clock in nanoseconds
    public static ThreadSignals of(PipelineConfig config, LongSupplier clock) {
        return new ThreadSignals(new Commits(config, clock), new EarlySends(), new PartitionHolds(), new StepSignal());
    }

    @Override
    public void close() {
        early.close();
    }
}
