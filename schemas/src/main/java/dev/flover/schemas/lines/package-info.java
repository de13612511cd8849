/// Files of requests, one JSON object a line: OpenAI's batch lines, or requests in the contract's names.
///
/// ```
///   bytes ──► LineInput ──► BatchLines ──► BatchLine.Good: a GenerationRequest
///             (one line)    (checks, ids)  BatchLine.Bad: the reason ──► BatchError, a line of the error file
///                               │
///                            SeenIds: finds a custom_id that was used before
/// ```
///
/// A file is read as a stream: the memory depends on the longest line that is allowed and on the number of ids, not on
/// the length of the file. Knows nothing of topics and engines.
@NullMarked
package dev.flover.schemas.lines;

import org.jspecify.annotations.NullMarked;
