/// How the next token is drawn from a row of logits.
///
/// ```
///   logits ─► bias, masks ─► penalties ─► temperature ─► top-k ─► top-p ─► min-p ─► typical-p ─► one draw
///                               │                                                                │
///                         TokenCounts                                           Philox(seed; answer, position)
/// ```
///
/// A draw depends on the logits, the request's [SamplingParams], its own earlier tokens and the position: there is no
/// generator to advance, so a generation continues after a crash with the draws it would have had.
///
/// **Probabilities are integers.** A token's mass is `floor(exp(logit - greatest) * 2^40)`. Sums of masses do not
/// depend on the order in which threads, vector lanes or devices add them, and every backend that computes the same
/// logits draws the same token.
///
/// Does not know models, backends or steps.
package dev.flover.engine.sampling;
