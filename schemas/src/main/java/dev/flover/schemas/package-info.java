/// The contracts: what is written on the topics, as Avro in `src/main/avro`, and the records generated from it.
///
/// ```
///   GenerationRequest ──► [ Flover ] ──► TokenChunk, TokenChunk, ... , TokenChunk (terminal)
///                                   └──► GenerationResult
/// ```
///
/// A contract evolves compatibly in both directions: every new field has a default, no field changes its type or name,
/// an enum's new symbol reads as `UNKNOWN` where it is not known. `ReleasedContractsTest` holds it to that.
package dev.flover.schemas;
