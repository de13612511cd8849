/// The contracts: the Avro schemas in `src/main/avro` of all records on the topics, and the classes generated from
/// them.
///
/// ```
///   GenerationRequest ──► [ Flover ] ──► TokenChunk, TokenChunk, ... , TokenChunk (terminal)
///                                   └──► GenerationResult
/// ```
///
/// A contract evolves compatibly in both directions: every new field has a default, no field changes its type or name,
/// and a new symbol of an enum reads as `UNKNOWN` in a release that does not know it. `ReleasedContractsTest` checks
/// this.
package dev.flover.schemas;
