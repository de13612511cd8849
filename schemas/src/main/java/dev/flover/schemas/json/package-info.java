/// The contracts as JSON, for producers and consumers without Avro.
///
/// ```
///   request  ──► OpenAiForm ──► JsonRecords ──► GenerationRequest
///                (other names)  (by schema)
///   TokenChunk, GenerationResult ──► JsonRecords ──► JSON
/// ```
///
/// A reader tells the two forms of a record apart by the first byte: `{` is JSON, 0 is the registry's wire format.
@NullMarked
package dev.flover.schemas.json;

import org.jspecify.annotations.NullMarked;
