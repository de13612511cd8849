/// Drives Kafka Streams: its properties, its clients, and the times at which the stream thread commits.
///
/// ```
///   StreamsProperties ──► KafkaStreams ──► PipelineClients ──┬── consumer    PartitionHolds, StepSignal
///                                                            └── producer    FollowingProducer, TransactionTime,
///                                                                            SparedRecords ──► OtherTopics, EarlySends
///   GenerationProcessor ──► Commits: is a commit due?
/// ```
///
/// The package knows time, bytes and transactions; nothing of requests.
@NullMarked
package dev.flover.topology.streams;

import org.jspecify.annotations.NullMarked;
