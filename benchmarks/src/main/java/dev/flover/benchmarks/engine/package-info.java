/// `bench engine`: tokens a second of the engine alone, by batch size, and where the time of a step goes.
///
/// ```
///   BenchEngineCommand ──> EngineRun ──> TimedBackend (a clock around every operation) ──> EngineReport
///                                              └──> DeviceClock: the same on a device's own clock
///   Machine: the ceilings of this machine, measured in the same run;  Floor: the least time they allow
/// ```
///
/// Knows no Kafka.
package dev.flover.benchmarks.engine;
