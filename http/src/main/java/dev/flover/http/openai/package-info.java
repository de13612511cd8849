/// The forms of requests, answers and errors in OpenAI's API. Knows no Kafka and no HTTP server.
///
/// ```
///   JSON body ──► CompletionCall ──► GenerationRequest, one for each prompt
///   TokenChunk ──► EventForm ──► an event of a stream
///   TokenChunk, TokenChunk, ... ──► WholeForm ──► the whole answer
///   failure ──► ApiError ──► {"error": {...}}
/// ```
///
/// The meaning of a request's fields is defined in one place, [dev.flover.schemas.json.JsonRequests].
@NullMarked
package dev.flover.http.openai;

import org.jspecify.annotations.NullMarked;
