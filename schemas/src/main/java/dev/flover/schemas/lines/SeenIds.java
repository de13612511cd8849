package dev.flover.schemas.lines;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// A set of texts, of which only 16 bytes of their SHA-256 are kept. It takes between 21 and 43 bytes an entry, and
/// 64 while it grows.
///
/// The set is a table with open addressing: an entry is at the place that its hash names, or at the next free place.
final class SeenIds {
    /// The largest number of entries. The table then has 2^27 places in two arrays of 1 GiB.
    static final int MOST = (1 << 27) / 4 * 3;

    private final MessageDigest digest;
    private long[] first = new long[1 << 8];
    private long[] second = new long[1 << 8];
    private int size;

    SeenIds() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /// Adds a text.
    ///
    /// @return false if the set has it already
    /// @throws IllegalStateException if the set is full
    boolean add(String text) {
        var hash = ByteBuffer.wrap(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        long high = hash.getLong() | 1;      // 0 marks a free place
        long low = hash.getLong();
        if (4L * (size + 1) > 3L * first.length) {
            grow();
        }
        if (!put(high, low)) {
            return false;
        }
        size++;
        return true;
    }

    private boolean put(long high, long low) {
        int mask = first.length - 1;
        int place = (int) low & mask;
        while (first[place] != 0) {
            if (first[place] == high && second[place] == low) {
                return false;
            }
            place = place + 1 & mask;
        }
        first[place] = high;
        second[place] = low;
        return true;
    }

    private void grow() {
        if (size >= MOST) {
            throw new IllegalStateException(
                    "at most " + MOST + " ids of one file can be compared with each other; split the file");
        }
        var oldFirst = first;
        var oldSecond = second;
        first = new long[2 * oldFirst.length];
        second = new long[2 * oldSecond.length];
        for (int i = 0; i < oldFirst.length; i++) {
            if (oldFirst[i] != 0) {
                put(oldFirst[i], oldSecond[i]);
            }
        }
    }

    int size() {
        return size;
    }
}
