/// Who computes next.
///
/// ```
///   admit ─► waiting ──join──► running ──last token──► ended
///               ▲                 │
///               └────preempt──────┘        (blocks run out: the lowest in rank is recomputed later)
///
///   a step = a row for every running sequence that decodes, then chunks of prompts while the token budget lasts
/// ```
///
/// Temporal fusion (Flover, arXiv 2305.13484): sequences join and leave at every step, live slots are kept one dense
/// range by the fewest moves, and the memory of ended ones is free at once. Two steps may be under way: the second is
/// planned before the tokens of the first are read, so a row can turn out to belong to a sequence that has ended.
///
/// What a steady step touches is ints in flat arrays, all on one thread. Knows no model and no device, only what a step
/// is to compute ([dev.flover.engine.backend.StepPlan]).
package dev.flover.engine.scheduling;
