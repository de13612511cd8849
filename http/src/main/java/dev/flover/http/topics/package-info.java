/// The bridge's clients of the topics: they write requests and read tokens.
///
/// ```
///   RequestWriter ──► requests                       models, offsets ──► ClusterWatch ──► ClusterView
///
///                               ┌─ Subscription ─┐
///   tokens ──► TokenFeed ───────┼─ Subscription ─┼──► AnswerStream: the chunks of one generation, in order
///       │      (one consumer)   └─ Subscription ─┘         ▲
///       ├────► DrawnFeed (one consumer, while an eager stream wants chunks before they are committed) ──► DrawnChunks
///       └────► PastReader (a few consumers) ───────────────┘ older chunks
/// ```
///
/// Only committed records are read, except by `DrawnFeed`. A bridge keeps no state that is not on the topics, so any
/// bridge can resume any stream.
@NullMarked
package dev.flover.http.topics;

import org.jspecify.annotations.NullMarked;
