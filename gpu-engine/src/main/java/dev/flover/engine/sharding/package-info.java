/// Divides a model among ranks: the devices, or the groups of threads, that compute one model together (Shoeybi et al.
/// 2019).
///
/// ```
///   Model ──► ShardPlan ─────────► RankParts ──► a Model for each rank
///              heads, columns,      the same tensors of the file, in parts
///              vocabulary rows,
///              bytes, refusals
/// ```
///
/// A plan reads shapes and names, no weights. A part refers to the mapped file as the whole model does.
///
/// This package knows nothing of backends and threads.
@NullMarked
package dev.flover.engine.sharding;

import org.jspecify.annotations.NullMarked;
