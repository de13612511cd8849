/// Token ids in, token ids out: the front door of the engine.
///
/// ```
///   SequenceRequest ──► ┌──────────────────────────────────────────────┐
///                       │ Engine                                       │
///                       │   scheduling ──► forward ──► backend         │ ──► TokenSink
///   EngineConfig ─────► │    (kvcache)              (sampling)         │ ──► EngineStatus
///                       └──────────────────────────────────────────────┘
///   loading opens model files, Backends opens a device; tokenizer makes ids of text and text of ids, outside
/// ```
///
/// Whoever owns the engine turns its crank: a punctuator in production, a loop in a test or a benchmark.
///
/// Knows no Kafka, no Avro, no text and no clock.
package dev.flover.engine;
