/// Generations as streams of the Durable Streams protocol, for reading.
///
/// ```
///   AnswerStream ──► StreamReader ──► Part: some bytes, and the token after them
///                        │
///                    Content: the chunks as JSON messages, or the text of one answer
/// ```
///
/// Knows no Kafka and no HTTP server. The protocol's requests and responses are in [dev.flover.http].
@NullMarked
package dev.flover.http.durable;

import org.jspecify.annotations.NullMarked;
