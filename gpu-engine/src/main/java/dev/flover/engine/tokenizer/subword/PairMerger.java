package dev.flover.engine.tokenizer.subword;

import java.util.Arrays;

/// Merges neighbouring symbols until no pair can be merged. The pair with the lowest rank is merged first; of equal
/// ranks, the leftmost.
///
/// In short pieces the best pair is found by a scan each time. Long pieces use a linked list and a heap of (rank,
/// position), so that n symbols take O(n log n) steps for any input. An entry of the heap is stale if the pair at its
/// position no longer has its rank.
final class PairMerger {
    private static final int SHORT = 32;
    private static final int NONE = Integer.MAX_VALUE;

    private final PairMerges merges;
    private final int[] shortRanks = new int[SHORT];
    private int[] next = {};
    private int[] previous = {};
    private long[] heap = {};
    private int heapSize;

    PairMerger(PairMerges merges) {
        this.merges = merges;
    }

    /// Merges the symbols of a piece in place.
    ///
    /// @param symbols the first `count` elements are the piece
    /// @return the number of symbols that remain
    int merge(int[] symbols, int count) {
        return count <= SHORT ? mergeShort(symbols, count) : mergeLong(symbols, count);
    }

    private int mergeShort(int[] symbols, int count) {
        int size = count;
        for (int i = 0; i + 1 < size; i++) {
            shortRanks[i] = rank(symbols[i], symbols[i + 1]);
        }
        while (size > 1) {
            int best = 0;
            for (int i = 1; i + 1 < size; i++) {
                if (shortRanks[i] < shortRanks[best]) {
                    best = i;
                }
            }
            if (shortRanks[best] == NONE) {
                break;
            }
            symbols[best] = merges.result(merges.find(symbols[best], symbols[best + 1]));
            size--;
            System.arraycopy(symbols, best + 2, symbols, best + 1, size - best - 1);
            System.arraycopy(shortRanks, best + 1, shortRanks, best, size - best);
            if (best > 0) {
                shortRanks[best - 1] = rank(symbols[best - 1], symbols[best]);
            }
            if (best + 1 < size) {
                shortRanks[best] = rank(symbols[best], symbols[best + 1]);
            }
        }
        return size;
    }

    private int rank(int left, int right) {
        int merge = merges.find(left, right);
        return merge < 0 ? NONE : merges.rank(merge);
    }

    private int mergeLong(int[] symbols, int count) {
        link(count);
        for (int i = 0; i + 1 < count; i++) {
            offer(symbols, i);
        }
        while (heapSize > 0) {
            long entry = poll();
            int left = (int) entry;
            int right = next[left];
            if (right < 0 || right >= count) {
                continue;
            }
            int merge = merges.find(symbols[left], symbols[right]);
            if (merge < 0 || merges.rank(merge) != (int) (entry >>> 32)) {
                continue;
            }
            symbols[left] = merges.result(merge);
            next[left] = next[right];
            next[right] = -1;
            if (next[left] < count) {
                previous[next[left]] = left;
                offer(symbols, left);
            }
            if (previous[left] >= 0) {
                offer(symbols, previous[left]);
            }
        }
        int size = 0;
        for (int i = 0; i < count; i = next[i]) {
            symbols[size++] = symbols[i];
        }
        return size;
    }

    private void link(int count) {
        if (next.length < count) {
            next = new int[count];
            previous = new int[count];
        }
        for (int i = 0; i < count; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        heapSize = 0;
    }

    private void offer(int[] symbols, int left) {
        int rank = rank(symbols[left], symbols[next[left]]);
        if (rank == NONE) {
            return;
        }
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, Math.max(64, heapSize + (heapSize >> 1)));
        }
        long entry = (long) rank << 32 | left;
        int at = heapSize++;
        while (at > 0 && entry < heap[at - 1 >> 1]) {
            heap[at] = heap[at - 1 >> 1];
            at = at - 1 >> 1;
        }
        heap[at] = entry;
    }

    private long poll() {
        long best = heap[0];
        long last = heap[--heapSize];
        int at = 0;
        while (2 * at + 1 < heapSize) {
            int child = 2 * at + 1;
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (last <= heap[child]) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = last;
        return best;
    }
}
