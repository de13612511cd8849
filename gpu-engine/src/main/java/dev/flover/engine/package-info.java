/// Token ids in, token ids out: the front door of the engine.
///
/// ```
///   SequenceRequest ──► ┌──────────────────────────────────────────────┐
///                       │ Engine                                       │
///                       │   scheduling ──► model ──► backend           │ ──► TokenSink
///   EngineConfig ─────► │    (kvcache)              (sampling)         │ ──► EngineStatus
///                       └──────────────────────────────────────────────┘
///   format opens model files; tokenizer makes ids of text and text of ids, outside of the engine
/// ```
///
/// Whoever owns the engine turns its crank: a punctuator in production, a loop in a test or a benchmark.
///
/// Knows no Kafka, no Avro, no text and no clock.
package dev.flover.engine;
