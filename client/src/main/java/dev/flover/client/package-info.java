/// A client of the topics: it sends requests and reads their answers, each token once, in the order of the answer.
///
/// ```
///   Flover.generate ──► RequestWriter ──► requests topic            models topic ──► ReadWatch
///        │                                                          (only for ids that may have been used)
///        ▼                 ┌─ Subscription ─┐
///   tokens topic ──► TokenFeed ─ Subscription ─► AnswerStream ──► Generation: Iterator, CompletableFuture, Publisher
///        │           (one consumer)                   ▲
///        └─────────► PastReader ──────────────────────┘ older chunks: attach, and after a reader was slow
/// ```
///
/// Only committed records are read. The number of chunks that wait for a slow reader is bounded; it reads the others
/// from the topic later. Knows nothing of the pipeline but its topics, and needs Java 17.
@NullMarked
package dev.flover.client;

import org.jspecify.annotations.NullMarked;
