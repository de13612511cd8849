/// Decides which sequences compute next.
///
/// ```
///   admit ─► waiting ──join──► running ──last token──► ended
///               ▲                 │
///               └────preempt──────┘        (blocks run out: the lowest in rank is recomputed later)
///
///   a step = a row for every running sequence that decodes, then chunks of prompts while the token budget lasts
/// ```
///
/// [Scheduler] selects the sequences of a step, `StepWriter` writes the step's plan, and `StepResults` processes the
/// tokens that it drew.
///
/// Temporal fusion (Flover, arXiv 2305.13484): sequences join and leave at every step, live slots are kept in one dense
/// range with the fewest moves, and the memory of ended sequences is free at once. Two steps may be in flight: the
/// second is planned before the tokens of the first are read, so a row may turn out to belong to a sequence that has
/// ended.
///
/// A steady step touches only ints in flat arrays, on one thread. This package knows nothing of models and devices,
/// only the plan of a step ([dev.flover.engine.backend.StepPlan]).
@NullMarked
package dev.flover.engine.scheduling;

import org.jspecify.annotations.NullMarked;
