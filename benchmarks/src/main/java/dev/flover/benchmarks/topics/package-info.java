/// The command `bench pipeline`, and a pipeline with its own broker that exists as long as a measurement takes.
///
/// ```
///   BenchPipelineCommand ─► PipelineMeasurement ─┬─► BareEngine             the same sequences without Kafka
///                                                └─► TemporaryPipeline      topics ─► LocalPipeline(Engine)
///                                                      │  CommittedResults    all at once: when the last is committed
///                                                      └─ ArrivingRequests    one by one: when each token can be read
/// ```
///
/// Knows no strategies: the fusion experiments play their own workloads on a TemporaryPipeline.
@NullMarked
package dev.flover.benchmarks.topics;

import org.jspecify.annotations.NullMarked;
