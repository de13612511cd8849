/// The topics, as the bridge uses them: requests are written, tokens are read back, and nothing else is known.
///
/// ```
///   RequestWriter ──► requests                       models, offsets ──► ClusterWatch ──► ClusterView
///
///                               ┌─ Subscription ─┐
///   tokens ──► TokenFeed ───────┼─ Subscription ─┼──► AnswerStream: the chunks of one generation, in order
///       │      (one consumer)   └─ Subscription ─┘         ▲
///       └────► PastReader (a few consumers) ───────────────┘ of what was said before
/// ```
///
/// Only committed records are read. Nothing is kept that is not on the topics: any bridge can go on with any stream.
package dev.flover.http.topics;
