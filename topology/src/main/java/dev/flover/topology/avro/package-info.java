/// Answers that are records of an Avro schema.
///
/// ```
///   Avro schema ──AvroJsonSchema──► JSON Schema, which the answer is drawn to fit
///        │
///        └────────AvroAnswers─────► the answer's JSON as Avro binary in the registry's framing
/// ```
///
/// How each type is written in JSON is one decision for both (docs/decisions/27-avro-answers.md). It knows nothing of
/// requests, topics or registries.
package dev.flover.topology.avro;
