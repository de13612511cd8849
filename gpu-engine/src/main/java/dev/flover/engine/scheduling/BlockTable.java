package dev.flover.engine.scheduling;

import java.util.Arrays;

/// One of the block tables of a sequence: its blocks in the layers that read this table, by position.
///
/// ```
///   entry     0    1    2    3    4    5    6
///   block     -    -    -   17   18    4    9      passed: 3   count: 7   announced: 5
///                        ▲            ▲       ▲
///                     passed    announced   count
/// ```
final class BlockTable {
    int[] blocks = new int[0];

    /// The number of entries, counted from position 0 on.
    int count;

    /// The number of leading entries without a block, because no later position sees them.
    int passed;

    /// The number of leading entries that need not be sent to the backend any more.
    int announced;

    /// Makes room for this number of entries, so that a running sequence allocates nothing.
    void reserve(int entries) {
        if (blocks.length < entries) {
            blocks = Arrays.copyOf(blocks, entries);
        }
    }

    /// Begins with the entries `from` to `to`, which have blocks now.
    void begin(int from, int to) {
        passed = from;
        announced = from;
        count = to;
    }

    void clear() {
        begin(0, 0);
    }
}
