/// Measures the HTTP bridge, and compares it with a client of the topics.
///
/// ```
///   HttpBenchmark
///     ├── FirstTokens     request ──► first token, through the bridge and through Kafka's clients, in turn
///     ├── EagerTokens     the same request as a committed and as an eager stream, in turn
///     ├── OldAnswers      first byte of old answers while a million others are kept
///     └── ManyStreams     1,000 streams: commit ──► client, and memory of the bridge
///             └── StreamReaders, a process of its own
/// ```
///
/// The bridge, the pipeline and the writer of tokens run in this process; the broker and the readers of streams do not.
@NullMarked
package dev.flover.benchmarks.http;

import org.jspecify.annotations.NullMarked;
