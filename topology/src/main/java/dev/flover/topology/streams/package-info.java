/// How Kafka Streams is driven: its properties, its clients, and when the stream thread commits.
///
/// ```
///   StreamsProperties ──► KafkaStreams ──► PipelineClients ──┬── consumer    PartitionHolds, StepSignal
///                                                            └── producer    FollowingProducer, TransactionTime
///   GenerationProcessor ──► Commits: is a commit due?
/// ```
///
/// Knows time, bytes and transactions; nothing of requests.
package dev.flover.topology.streams;
