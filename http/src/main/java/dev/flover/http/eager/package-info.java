/// Answers for clients that want tokens before they are committed: merges the chunks that were drawn with those that
/// are committed.
///
/// ```
///   drawn chunks ──────┐
///                      ├──► EagerAnswer ──► further tokens, retractions
///   committed chunks ──┘
/// ```
///
/// Knows no Kafka and no HTTP server.
@NullMarked
package dev.flover.http.eager;

import org.jspecify.annotations.NullMarked;
