package dev.flover.engine.api;

/// @param steps         steps ended since the start
/// @param rows          rows computed since the start
/// @param tokens        tokens drawn and reported since the start
/// @param discardedRows rows of sequences that turned out to have ended
/// @param preemptions   sequences that gave up their blocks to others, to be recomputed
/// @param slotMoves     slots moved by compaction
/// @param prefixHits    prompt positions taken from shared blocks instead of computed
/// @param running       sequences with a slot
/// @param waiting       sequences admitted without a slot yet
/// @param blocksUsed    KV blocks that hold something a sequence needs
/// @param blocks        KV blocks in all
public record EngineStatus(
        long steps,
        long rows,
        long tokens,
        long discardedRows,
        long preemptions,
        long slotMoves,
        long prefixHits,
        int running,
        int waiting,
        int blocksUsed,
        int blocks) {}
