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
///   changelogs           ◄─►  DurableSerde<our own progress>    one version byte, no registry
/// ```
///
/// What others read goes through the registry, with Confluent's serializer and wire format. What only this application
/// reads must be readable when no registry answers, so it carries a version byte instead.
///
/// Knows nothing of topics, stores or the engine.
package dev.flover.schemas.serdes;
