/// The seam between the engine and a device.
///
/// ```
///   Scheduler ──fills──► StepPlan ──► StepQueue ──► Transformer ──► Backend: begin, verbs, end
///       ▲                                                              │
///       └──────────────── sampled tokens, in the plan ◄────────────────┘
/// ```
///
/// [dev.flover.engine.backend.Backend] is memory and the dozen verbs of a transformer;
/// [dev.flover.engine.backend.StepPlan] is everything a step needs to know, as ints;
/// [dev.flover.engine.backend.HostSlots] is the per-slot state that backends in host memory share. Implementations have
/// packages of their own and are chosen in [dev.flover.engine.backend.Backends] only.
///
/// Knows no sequences, priorities or blocks' owners.
package dev.flover.engine.backend;
