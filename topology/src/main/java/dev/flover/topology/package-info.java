/// The Kafka Streams application: requests in, tokens out, exactly once, one engine for all partitions of a process.
///
/// ```
///                      Pipeline            start, supervise, close
///                         │
///           setup ◄───────┼───────► weather, metrics
///                         │
///                    KafkaStreams          one thread; streams: properties, clients, commits
///                         │
///                    generation            one GenerationProcessor a partition
///          ┌─────────┬────┴────┬──────────┬─────────┐
///       parking   waiting   results     state    models
///          └─────────┴────┬────┴──────────┴─────────┘
///             request, records, position, config
/// ```
///
/// A tick is one firing of the punctuators. The first of them to fire moves the engine on for all partitions; each then
/// sends the tokens of its own answers, which the engine left in its mailbox. Nothing on the stream thread waits: not
/// for the engine, not for the registry, not for room.
///
/// Durable is what a restart needs and no more: the request with its prompt's ids, written once; the ids of its answers
/// in segments; how often a generation was tried without progress. Everything else is made again from it.
///
/// Knows nothing of how a token is computed, and nothing of command lines, HTTP or the embedded servers.
package dev.flover.topology;
