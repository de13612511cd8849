/// OpenAI's API over the topics: a bridge that keeps nothing, any number of which may run.
///
/// ```
///   client ──HTTP──► Routes ──► Guard           may it ask at all?
///                      │
///                      ├──► Completions ──┐     POST: a request, answered whole or as a stream
///                      ├──► Generations ──┤     GET: a stream goes on; POST: a request is cancelled
///                      ├──► Models        │
///                      └──► Tokenizing    └──► topics: requests out, committed tokens in
/// ```
///
/// `topics` is all that knows Kafka, `openai` all that knows OpenAI's forms, `access` who may do what. A request waits
/// on a virtual thread of its own. The HTTP server's classes are used by this package alone.
package dev.flover.http;
