/// Bytes to records and back.
///
/// ```
///   generation-requests  ──►  ContractSerde<GenerationRequest>  ──►  GenerationRequest
///   generation-tokens    ◄──  ContractSerde<TokenChunk>         ◄──  TokenChunk
///   generation-results   ◄──  ContractSerde<GenerationResult>   ◄──  GenerationResult
///                                      │
///                                      ▼
///                               schema registry
///
///   changelogs           ◄─►  StoredForm<our own progress>      names its schema, no registry
/// ```
///
/// What others read goes through the registry, with Confluent's serializer and wire format. What only this application
/// reads must be readable when no registry answers, so schemas are stored beside it. [RequestContract] is the fields of
/// a request that a process knows; [ContentForm] is what a request says, whatever schema it is held in.
///
/// Knows nothing of topics, stores or the engine.
package dev.flover.schemas.serdes;
