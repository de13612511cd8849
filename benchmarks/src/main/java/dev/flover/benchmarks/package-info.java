/// All programs that measure Flover, or check its promise of delivery, from outside.
///
/// ```
///   flover bench ──┬─> engine       the engine alone: tokens per second by batch size
///                  ├─> fusion       temporal fusion beside the baselines of the paper
///                  ├─> pipeline     the pipeline beside the engine alone            topics/
///                  └─> constraints  schemas over a vocabulary, without a model
///   flover verify-delivery          killed processes, and all answers checked       delivery/
///   LoadBenchmark                   far more requests than a pipeline can serve     load/
///   PeerBenchmark, DecodeBenchmark  beside llama.cpp                                peer/
///
///   shared: workload/ (arrivals, lengths, percentiles, warm-up)
/// ```
///
/// [Instruments] adds the first two to the command line. Nothing depends on this module.
@NullMarked
package dev.flover.benchmarks;

import org.jspecify.annotations.NullMarked;
