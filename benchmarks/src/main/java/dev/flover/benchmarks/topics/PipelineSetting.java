package dev.flover.benchmarks.topics;

import dev.flover.engine.DeviceList;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;

/// The configuration and the load of a measured pipeline.
///
/// @param threads        threads that compute; 0 for one per core
/// @param ranks          ranks that divide the model among themselves
/// @param devices        devices of the backend cuda, one for each rank
/// @param live           the most sequences in a step
/// @param commitInterval longest time that tokens wait for their transaction
/// @param warmUp         longest duration of the warm-up
/// @param rounds         number of rounds with all requests at once
/// @param load           tokens per second of arriving requests, as a share of the rate of the engine alone
/// @param seed           seed of the prompts
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record PipelineSetting(
        String backend, int threads, int ranks, DeviceList devices, int live, Duration commitInterval, int partitions,
        int producers, Duration warmUp, int rounds, double load, long seed) {}
