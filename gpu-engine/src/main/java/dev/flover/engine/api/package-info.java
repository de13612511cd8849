/// The values that the owner of an engine gives to it and gets from it; shared by [dev.flover.engine.Engine] and
/// scheduling.
///
/// ```
///   EngineConfig      all limits                 ──► ┌────────┐ ──► TokenSink       tokens, logprobs, FinishReason
///   SequenceRequest   one answer, token ids      ──► │ Engine │ ──► EngineStatus    counters and gauges
///   LoadListener      progress of loading        ◄── └────────┘ ──► EngineException a step that failed
/// ```
///
/// This package has only values and interfaces. It computes nothing, and knows nothing of models, devices and text.
@NullMarked
package dev.flover.engine.api;

import org.jspecify.annotations.NullMarked;
