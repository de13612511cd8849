/// The engine's public entry points: token ids in, token ids out.
///
/// ```
///   SequenceRequest ──► ┌──────────────────────────────────────────────┐
///                       │ Engine                                       │
///                       │   scheduling ──► forward ──► backend         │ ──► TokenSink
///   EngineConfig ─────► │    (kvcache)              (sampling)         │ ──► EngineStatus
///                       └──────────────────────────────────────────────┘
///   loading opens model files, Backends opens a device; the owner converts text to ids with a tokenizer
/// ```
///
/// The owner of an engine drives it: a punctuator in production, a loop in a test or a benchmark.
///
/// This package knows nothing of Kafka, Avro, text and clocks.
@NullMarked
package dev.flover.engine;

import org.jspecify.annotations.NullMarked;
