/// What the owner of an engine gives to it and gets back: the vocabulary that [dev.flover.engine.Engine] and scheduling
/// share.
///
/// ```
///   EngineConfig      every limit                ──► ┌────────┐ ──► TokenSink       tokens, logprobs, FinishReason
///   SequenceRequest   one answer, token ids      ──► │ Engine │ ──► EngineStatus    counters and gauges
///   LoadListener      told of loaded layers      ◄── └────────┘ ──► EngineException a step that failed
/// ```
///
/// Values and interfaces alone: nothing here computes, and nothing here knows models, devices or text.
package dev.flover.engine.api;
