/// The command `bench engine`: tokens per second of the engine alone, by batch size, and the share of each operation in
/// the time of a step.
///
/// ```
///   BenchEngineCommand ──> EngineRun ──> TimedBackend (times every operation) ──> EngineReport
///                                              └──> DeviceClock: the same on a device's own clock
///   Machine: this machine's highest rates, measured in the same run;  Floor: the least time of a step at them
/// ```
///
/// Knows no Kafka.
@NullMarked
package dev.flover.benchmarks.engine;

import org.jspecify.annotations.NullMarked;
