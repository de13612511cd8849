package dev.flover.engine.scheduling;

import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.EngineStatusBuilder;

/// The work of a scheduler since its start, as [EngineStatus] reports it.
final class WorkCounts {
    long rows;
    long tokens;
    long discardedRows;
    long preemptions;
    long slotMoves;
    private long prefixHits;
    private long prefilled;
    private long recomputed;

    /// Counts the positions of the prompt that a sequence shares as it joins and that were not computed before.
    void share(Sequence sequence) {
        int positions = Math.min(sequence.computed(), sequence.promptLength());
        prefixHits += Math.max(0, positions - sequence.computedBefore);
    }

    /// Counts the next positions of a prefill: those that were computed before, and those of the prompt that were not.
    void prefill(Sequence sequence, int count) {
        int begin = sequence.computed();
        int again = Math.clamp((long) sequence.computedBefore - begin, 0, count);
        recomputed += again;
        prefilled += Math.clamp((long) sequence.promptLength() - begin, 0, count)
                - Math.clamp((long) Math.min(sequence.computedBefore, sequence.promptLength()) - begin, 0, count);
    }

    /// A status that has these counts, and no others.
    EngineStatusBuilder status() {
        return EngineStatusBuilder.builder().rows(rows).tokens(tokens).discardedRows(discardedRows)
                .preemptions(preemptions).slotMoves(slotMoves).prefixHits(prefixHits).prefilled(prefilled)
                .recomputed(recomputed);
    }
}
