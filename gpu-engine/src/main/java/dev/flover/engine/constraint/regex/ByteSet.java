package dev.flover.engine.constraint.regex;

/// A set of bytes.
///
/// @param a one bit for each of the bytes 0 to 63; `b`, `c` and `d` hold the bits of the next 64 bytes each
record ByteSet(long a, long b, long c, long d) {
    static final ByteSet NONE = new ByteSet(0, 0, 0, 0);
    static final ByteSet ALL = new ByteSet(-1, -1, -1, -1);

    static ByteSet range(int from, int to) {
        long[] words = new long[4];
        for (int i = from; i <= to; i++) {
            words[i >> 6] |= 1L << i;
        }
        return new ByteSet(words[0], words[1], words[2], words[3]);
    }

    static ByteSet of(int single) {
        return range(single, single);
    }

    static ByteSet of(String ascii) {
        var set = NONE;
        for (int i = 0; i < ascii.length(); i++) {
            set = set.or(of(ascii.charAt(i)));
        }
        return set;
    }

    boolean contains(int value) {
        long word = switch (value >> 6) {
            case 0 -> a;
            case 1 -> b;
            case 2 -> c;
            default -> d;
        };
        return (word >>> value & 1) != 0;
    }

    boolean isEmpty() {
        return (a | b | c | d) == 0;
    }

    ByteSet or(ByteSet other) {
        return new ByteSet(a | other.a, b | other.b, c | other.c, d | other.d);
    }

    ByteSet and(ByteSet other) {
        return new ByteSet(a & other.a, b & other.b, c & other.c, d & other.d);
    }

    ByteSet minus(ByteSet other) {
        return new ByteSet(a & ~other.a, b & ~other.b, c & ~other.c, d & ~other.d);
    }
}
