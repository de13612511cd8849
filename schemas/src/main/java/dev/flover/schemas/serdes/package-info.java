/// Converts bytes to records and records to bytes.
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
/// Records that other programs read go through the registry, with Confluent's serializer and wire format. Records that
/// only this application reads must be readable when no registry answers, so their schemas are stored beside them.
/// [RequestContract] holds the fields of a request that a process knows; [ContentForm] is a request's content as bytes
/// that do not depend on the schema.
///
/// Knows nothing of topics, stores or the engine.
@NullMarked
package dev.flover.schemas.serdes;

import org.jspecify.annotations.NullMarked;
