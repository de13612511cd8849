/// The Kafka Streams application: requests in, tokens out, exactly once, one engine for all partitions of a process.
///
/// ```
///                      Pipeline            start, supervise, close
///                         │
///             KafkaStreams, one thread     PipelineTopology, StreamsProperties
///                         │
///        ┌────────────────┼────────────────┐
///   GenerationProcessor   ...         GenerationProcessor      one a partition: init, process, punctuate, close
///     │        │
///   Intake   Generations ──► Output ──► tokens, results, dead letters
///     │        │    │
///     │   PartitionState, EndedMemory      what is durable
///     │        │
///     └────────┴── WaitingRoom ──► SharedEngine ──► dev.flover.engine.Engine      one a process
/// ```
///
/// A tick is one firing of the punctuators. The first of them to fire moves the engine on for all partitions; each then
/// sends the tokens of its own answers, which the engine left in its [dev.flover.topology.Mailbox]. Nothing here waits:
/// not for the engine, not for the registry, not for room.
///
/// Durable is what a restart needs and no more: the request with its prompt's ids, written once; the ids of its answers
/// in segments; how often a generation was tried without progress. Everything else is made again from it.
///
/// Knows nothing of how a token is computed, and nothing of command lines, HTTP or the embedded servers.
package dev.flover.topology;
