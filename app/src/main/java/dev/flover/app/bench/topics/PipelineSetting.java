package dev.flover.app.bench.topics;

import java.time.Duration;

/// How a pipeline is set up and loaded.
///
/// @param threads        0 for one a core
/// @param live           most sequences in a step
/// @param commitInterval longest time that tokens wait for their transaction
/// @param warmUp         longest time for it
/// @param rounds         of all requests at once
/// @param load           tokens asked for by arriving requests, over what the bare engine computes
/// @param seed           of the prompts
record PipelineSetting(
        String backend, int threads, int live, Duration commitInterval, int partitions, int producers, Duration warmUp,
        int rounds, double load, long seed) {}
