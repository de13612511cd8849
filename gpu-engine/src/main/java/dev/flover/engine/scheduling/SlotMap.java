package dev.flover.engine.scheduling;

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
///
/// @param <T> what is in the slots
public final class SlotMap<T> {
    private final Object[] occupants;
    private int live;
    private int nextHole;

    /// Learns what moves.
    public interface Mover<T> {
        void move(T occupant, int from, int to);
    }

    public SlotMap(int slots) {
        occupants = new Object[slots];
    }

    public int live() {
        return live;
    }

    /// Null if the slot is free.
    @SuppressWarnings("unchecked")
    public T at(int slot) {
        return (T) occupants[slot];
    }

    public void release(int slot) {
        assert occupants[slot] != null;
        occupants[slot] = null;
        live--;
    }

    /// Closes the gaps, leaving as many holes in the range as are about to be filled by [#place].
    ///
    /// @param mover told of each move, in an order in which each goes to a free slot
    /// @return how many slots moved
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

    /// Puts a newcomer in the next hole of the range.
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
