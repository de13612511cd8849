package dev.flover.engine.api;

import io.soabase.recordbuilder.core.RecordBuilder;
import org.jspecify.annotations.Nullable;

/// Counters and gauges of an engine.
///
/// @param steps         the number of steps that ended since the start
/// @param rows          the number of rows computed since the start
/// @param tokens        the number of tokens drawn and reported since the start
/// @param discardedRows the number of computed rows whose sequence had already ended
/// @param preemptions   how often a sequence lost its blocks to others, to be recomputed later
/// @param slotMoves     the number of slots moved by compaction
/// @param prefixHits    the number of prompt positions taken from shared blocks instead of computed for the first time
/// @param prefilled     the number of prompt positions that were computed for the first time
/// @param recomputed    the number of positions, of prompts and of answers, that were computed again: after a
///                      preemption, after a restart, or with the frequencies of long sequences
/// @param running       the number of sequences with a slot
/// @param waiting       the number of admitted sequences without a slot
/// @param blocksUsed    the number of KV blocks that some sequence refers to
/// @param blocks        the number of all KV blocks
/// @param leak          what the engine still held when it became idle and all should have been free; null if nothing
@RecordBuilder
@RecordBuilder.Options(enableWither = false)
public record EngineStatus(
        long steps,
        long rows,
        long tokens,
        long discardedRows,
        long preemptions,
        long slotMoves,
        long prefixHits,
        long prefilled,
        long recomputed,
        int running,
        int waiting,
        int blocksUsed,
        int blocks,
        @Nullable String leak) {}
