/// OpenAI's forms of requests, answers and errors. Knows no Kafka and no HTTP server.
///
/// ```
///   JSON body ──► CompletionCall ──► GenerationRequest, one for each prompt
///   TokenChunk ──► EventForm ──► an event of a stream
///   TokenChunk, TokenChunk, ... ──► WholeForm ──► the whole answer
///   what went wrong ──► ApiError ──► {"error": {...}}
/// ```
///
/// What a request's fields mean is said in one place, [dev.flover.schemas.json.JsonRequests].
package dev.flover.http.openai;
