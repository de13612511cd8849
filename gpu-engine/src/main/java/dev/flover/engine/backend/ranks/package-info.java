/// Several backends that compute one model together, with the bits of one.
///
/// ```
///   rank 0   thread ─► RankBackend ─► backend ──┐ sums of its shards, its logits
///   rank 1   thread ─► RankBackend ─► backend ──┤
///                                               ▼
///                                     Exchange: each rank waits for all, then adds all sums in the same tree
/// ```
///
/// All ranks run the operations of a step in the same order. They meet after each product that is summed over ranks,
/// and twice to draw tokens, which rank 0 does.
///
/// This package knows nothing of models: what a rank's weights are is decided before they come here.
@NullMarked
package dev.flover.engine.backend.ranks;

import org.jspecify.annotations.NullMarked;
