/// Token ids in, token ids out: many generations fused into one forward pass a step.
///
/// ```
///    owner ──admit, pump──► Engine ──► scheduling ──plan──► backend.StepQueue
///      ▲                      │            │                     │ one thread
///      │                      │         kvcache                model ──verbs──► backend
///      └── TokenSink ◄────────┘                                  ▲                 │
///                                                    format ─────┘             sampling
/// ```
///
/// The front door is [dev.flover.engine.Engine], a step function with one owner. A sequence's tokens depend on its
/// [dev.flover.engine.SequenceRequest], the model file and the arithmetic alone: not on who shares its steps, on how its
/// prompt was cut, on preemption, or on how often it was resumed.
///
/// Knows no Kafka, no wire format and no clock; text is the business of
/// [dev.flover.engine.tokenizer.Tokenizer]'s callers.
package dev.flover.engine;
