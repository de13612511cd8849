package dev.flover.engine.scheduling;

import dev.flover.engine.backend.StepPlan;

/// Which sequence is in which slot, kept one dense range.
///
/// Flover's buffer reordering: of all windows as wide as what is to be live, the one with the most live slots stays,
/// and each live slot outside it moves into a hole inside. A move changes at most one slot outside into one inside, so
/// no arrangement as dense can be had with fewer.
///
/// ```
///   before   A . B C . . D E .        five live
///   window       [B C . . D]          three inside: the most there are
///   after        [B C A E D]          two moves
/// ```
final class SlotMap {
    private final Sequence[] sequences;
    private int live;
    private int nextHole;

    SlotMap(int slots) {
        sequences = new Sequence[slots];
    }

    int live() {
        return live;
    }

    Sequence at(int slot) {
        return sequences[slot];
    }

    void release(Sequence sequence) {
        assert sequences[sequence.slot] == sequence;
        sequences[sequence.slot] = null;
        live--;
    }

    /// Closes the gaps, leaving as many holes in the range as sequences are about to [#place].
    ///
    /// @return how many slots moved
    int compact(int joining, StepPlan plan) {
        int width = live + joining;
        int start = densestWindow(width);
        int end = start + width;
        int moves = 0;
        int hole = start;
        for (int slot = 0; slot < sequences.length; slot++) {
            if (sequences[slot] == null || slot >= start && slot < end) {
                continue;
            }
            while (sequences[hole] != null) {
                hole++;
            }
            plan.moveSlot(slot, hole);
            sequences[hole] = sequences[slot];
            sequences[hole].slot = hole;
            sequences[slot] = null;
            moves++;
        }
        nextHole = start;
        return moves;
    }

    /// Puts a sequence in the next hole of the range.
    void place(Sequence sequence) {
        while (sequences[nextHole] != null) {
            nextHole++;
        }
        sequences[nextHole] = sequence;
        sequence.slot = nextHole;
        live++;
    }

    private int densestWindow(int width) {
        int inside = 0;
        for (int slot = 0; slot < width; slot++) {
            inside += sequences[slot] == null ? 0 : 1;
        }
        int best = 0;
        int most = inside;
        for (int start = 1; start + width <= sequences.length; start++) {
            inside += sequences[start + width - 1] == null ? 0 : 1;
            inside -= sequences[start - 1] == null ? 0 : 1;
            if (inside > most) {
                most = inside;
                best = start;
            }
        }
        return best;
    }
}
