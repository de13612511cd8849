/// OpenAI's API over the topics: a bridge without state of its own, so that any number of bridges may run.
///
/// ```
///   client ──HTTP──► Routes ──► Guard             is the request allowed at all?
///                      │
///                      ├──► Completions ────┐     POST: a request, answered whole or as a stream
///                      │     └► EagerStream ┤     the same before it is committed
///                      ├──► ResumedStreams ─┤     GET: a stream is resumed; POST: a request is cancelled
///                      ├──► DurableStreams ─┤     GET: a generation by the Durable Streams protocol
///                      ├──► models          │
///                      └──► tokenizing      └──► topics: requests out, committed tokens in
/// ```
///
/// Only `topics` knows Kafka, only `openai` knows OpenAI's forms, only `durable` the content and the offsets of durable
/// streams, and only `access` who may do what. Each request waits on a virtual thread of its own. Only this package
/// uses the HTTP server's classes.
@NullMarked
package dev.flover.http;

import org.jspecify.annotations.NullMarked;
