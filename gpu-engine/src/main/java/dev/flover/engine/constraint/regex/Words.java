package dev.flover.engine.constraint.regex;

import java.util.Arrays;

/// A finite list of texts without their first bytes, which they have in common: the derivative of a list by these
/// bytes.
///
/// @param all   the complete texts, sorted by unsigned bytes and distinct
/// @param from  the first text of the list
/// @param to    the end of the list, exclusive
/// @param depth the number of common bytes that are left out
record Words(byte[][] all, int from, int to, int depth) {
    static Words of(Iterable<byte[]> texts) {
        var list = new java.util.ArrayList<byte[]>();
        texts.forEach(list::add);
        list.sort(Arrays::compareUnsigned);
        int kept = 0;
        for (byte[] text : list) {
            if (kept == 0 || !Arrays.equals(text, list.get(kept - 1))) {
                list.set(kept++, text);
            }
        }
        return new Words(list.subList(0, kept).toArray(byte[][]::new), 0, kept, 0);
    }

    boolean nullable() {
        return from < to && all[from].length == depth;
    }

    Words after(int value) {
        int low = from;
        while (low < to && (all[low].length == depth || (all[low][depth] & 0xFF) < value)) {
            low++;
        }
        int high = low;
        while (high < to && (all[high][depth] & 0xFF) == value) {
            high++;
        }
        return new Words(all, low, high, depth + 1);
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Words words) || to - from != words.to - words.from) {
            return false;
        }
        if (all == words.all) {
            return from == words.from && to == words.to && depth == words.depth;
        }
        for (int i = 0; i < to - from; i++) {
            byte[] mine = all[from + i];
            byte[] theirs = words.all[words.from + i];
            if (!Arrays.equals(mine, depth, mine.length, theirs, words.depth, theirs.length)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = to - from;
        for (int i = from; i < Math.min(to, from + 8); i++) {
            for (int j = depth; j < Math.min(all[i].length, depth + 8); j++) {
                hash = hash * 31 + all[i][j];
            }
            hash = hash * 31 + all[i].length - depth;
        }
        return hash;
    }
}
