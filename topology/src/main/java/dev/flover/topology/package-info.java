/// The Kafka Streams application: requests in, tokens out, exactly once, one engine for all partitions of a
/// stream thread.
///
/// ```
///                      Pipeline            start, supervise, close
///                         │
///           setup ◄───────┼───────► weather, metrics
///                         │
///                    KafkaStreams          a thread for each engine; streams: properties, clients, commits
///                         │
///                    generation            one GenerationProcessor a partition
///          ┌─────────┬────┴────┬──────────┬─────────┐
///       parking   waiting   results     state    models
///          └─────────┴────┬────┴──────────┴─────────┘
///             request, records, position, config
/// ```
///
/// A tick is one firing of the punctuators. The first partition of a thread to tick in a pass pumps the engine for all
/// of them; each partition then sends the tokens of its own answers from its mailbox. A stream thread never waits:
/// neither for the engine nor for the registry, nor for room.
///
/// Only the data that a restart needs are durable: the request with its prompt's ids, written once; the ids of its
/// answers in segments; the number of attempts without progress. All other data are made again from these.
///
/// Knows nothing of how a token is computed, and nothing of command lines, HTTP or the embedded servers.
@NullMarked
package dev.flover.topology;

import org.jspecify.annotations.NullMarked;
