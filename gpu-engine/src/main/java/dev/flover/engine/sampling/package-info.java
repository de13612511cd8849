/// How the next token is drawn from a row of logits.
///
/// ```
///   logits ─► bias, masks ─► penalties ─► temperature ─► top-k ─► top-p ─┐
///                               │                                         ▼
///                          TokenCounts     one draw ◄─ typical-p ◄─ top-n-sigma, min-p
///                                              │
///                               Philox(seed; answer, position)
/// ```
///
/// A draw depends only on the logits, the request's [SamplingParams], the answer's earlier tokens and the position.
/// There is no generator with a state, so after a crash a generation continues with the same draws as without it.
///
/// **Probabilities are integers.** A token's mass is `floor(exp(logit - greatest) * 2^40)`. Sums of integers do not
/// depend on the order in which threads, vector lanes or devices add them; so all backends that compute the same logits
/// draw the same token.
///
/// This package knows nothing of models, backends and steps.
@NullMarked
package dev.flover.engine.sampling;

import org.jspecify.annotations.NullMarked;
