/// Answers that are values of an Avro schema.
///
/// ```
///   Avro schema ──AvroJsonSchema──► JSON Schema, which the answer is drawn to fit
///        │
///        └────────AvroAnswers─────► the answer's JSON as Avro binary in the registry's framing
/// ```
///
/// Both directions share one decision of how each type is written in JSON (docs/decisions/27-avro-answers.md). The
/// package knows nothing of requests, topics or registries.
@NullMarked
package dev.flover.topology.avro;

import org.jspecify.annotations.NullMarked;
