package dev.flover.engine.scheduling;

import java.util.Arrays;

/// Sequences in order of rank, as a sorted array. Its first entries can be removed without moving the others.
final class RankedSequences {
    private Sequence[] entries = new Sequence[64];
    private int[] seats = new int[64];
    private int first;
    private int end;

    int size() {
        return end - first;
    }

    boolean isEmpty() {
        return end == first;
    }

    /// @param rank the place in the order, 0 for the highest-ranking sequence
    Sequence get(int rank) {
        return entries[first + rank];
    }

    /// The seat that the sequence had when it was added, so that a walk over the entries reads no sequence.
    int seat(int rank) {
        return seats[first + rank];
    }

    Sequence last() {
        return entries[end - 1];
    }

    void add(Sequence sequence) {
        makeRoom();
        int at = first + rankOf(sequence);
        System.arraycopy(entries, at, entries, at + 1, end - at);
        System.arraycopy(seats, at, seats, at + 1, end - at);
        entries[at] = sequence;
        seats[at] = sequence.seat;
        end++;
    }

    void remove(Sequence sequence) {
        int at = first + rankOf(sequence);
        assert entries[at] == sequence;
        if (at == first) {
            entries[first++] = null;
        } else {
            System.arraycopy(entries, at + 1, entries, at, end - at - 1);
            System.arraycopy(seats, at + 1, seats, at, end - at - 1);
            entries[--end] = null;
        }
    }

    /// The number of entries that outrank the sequence.
    private int rankOf(Sequence sequence) {
        int low = first;
        int high = end;
        while (low < high) {
            int middle = low + high >>> 1;
            if (entries[middle].outranks(sequence)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - first;
    }

    /// The rank of the first background sequence; the size if there is none.
    int firstBackground() {
        if (isEmpty() || !last().isBackground()) {
            return size();
        }
        int low = first;
        int high = end - 1;
        while (low < high) {
            int middle = low + high >>> 1;
            if (entries[middle].isBackground()) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low - first;
    }

    private void makeRoom() {
        if (end < entries.length) {
            return;
        }
        int size = size();
        int length = size > entries.length / 2 ? 2 * entries.length : entries.length;
        var target = length > entries.length ? new Sequence[length] : entries;
        var targetSeats = length > entries.length ? new int[length] : seats;
        System.arraycopy(entries, first, target, 0, size);
        System.arraycopy(seats, first, targetSeats, 0, size);
        Arrays.fill(target, size, target.length, null);
        entries = target;
        seats = targetSeats;
        first = 0;
        end = size;
    }
}
