package dev.flover.engine.scheduling;

/// Which sequence is in which slot. Compaction keeps the used slots a dense range.
///
/// This is Flover's buffer reordering: among all windows as wide as the number of live slots, the one that contains the
/// most live slots is kept, and each live slot outside moves to a hole inside. A move brings at most one live slot into
/// the window, so no dense arrangement needs fewer moves.
///
/// ```
///   before   A . B C . . D E .        five live
///   window       [B C . . D]          three inside: the most there are
///   after        [B C A E D]          two moves
/// ```
///
/// @param <T> the type of the occupants of the slots
public final class SlotMap<T> {
    private final Object[] occupants;
    private int live;
    private int nextHole;

    /// Receives the moves of a compaction.
    public interface Mover<T> {
        void move(T occupant, int from, int to);
    }

    public SlotMap(int slots) {
        occupants = new Object[slots];
    }

    public int live() {
        return live;
    }

    /// The occupant of a slot; null if the slot is free.
    @SuppressWarnings("unchecked")
    public T at(int slot) {
        return (T) occupants[slot];
    }

    public void release(int slot) {
        assert occupants[slot] != null;
        occupants[slot] = null;
        live--;
    }

    /// Moves occupants to a dense range, and leaves as many holes in it as [#place] is about to fill.
    ///
    /// @param joining the number of holes to leave
    /// @param mover   is told of each move, in an order in which each move goes to a free slot
    /// @return the number of moves
    public int compact(int joining, Mover<T> mover) {
        int width = live + joining;
        int start = densestWindow(width);
        int end = start + width;
        int moves = 0;
        int hole = start;
        for (int slot = 0; slot < occupants.length; slot++) {
            if (occupants[slot] == null || slot >= start && slot < end) {
                continue;
            }
            while (occupants[hole] != null) {
                hole++;
            }
            occupants[hole] = occupants[slot];
            occupants[slot] = null;
            mover.move(at(hole), slot, hole);
            moves++;
        }
        nextHole = start;
        return moves;
    }

    /// Puts a new occupant in the next hole of the range.
    ///
    /// @return its slot
    public int place(T newcomer) {
        while (occupants[nextHole] != null) {
            nextHole++;
        }
        occupants[nextHole] = newcomer;
        live++;
        return nextHole;
    }

    private int densestWindow(int width) {
        int inside = 0;
        for (int slot = 0; slot < width; slot++) {
            inside += occupants[slot] == null ? 0 : 1;
        }
        int best = 0;
        int most = inside;
        for (int start = 1; start + width <= occupants.length; start++) {
            inside += occupants[start + width - 1] == null ? 0 : 1;
            inside -= occupants[start - 1] == null ? 0 : 1;
            if (inside > most) {
                most = inside;
                best = start;
            }
        }
        return best;
    }
}
