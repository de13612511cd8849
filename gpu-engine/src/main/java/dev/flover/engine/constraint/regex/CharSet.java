package dev.flover.engine.constraint.regex;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/// A set of Unicode code points.
public final class CharSet {
    private static final int LAST = Character.MAX_CODE_POINT;
    public static final CharSet NONE = new CharSet(new int[0]);
    public static final CharSet ALL = range(0, LAST);

    /// Pairs of the first and last code point of a range, ascending; ranges neither overlap nor touch.
    private final int[] ranges;

    private CharSet(int[] ranges) {
        this.ranges = ranges;
    }

    public static CharSet range(int first, int last) {
        return new CharSet(new int[] {first, last});
    }

    public static CharSet of(int... characters) {
        var set = NONE;
        for (int c : characters) {
            set = set.or(range(c, c));
        }
        return set;
    }

    static CharSet where(IntPredicate rule) {
        var found = new ArrayList<int[]>();
        int from = -1;
        for (int c = 0; c <= LAST + 1; c++) {
            boolean in = c <= LAST && rule.test(c);
            if (in && from < 0) {
                from = c;
            } else if (!in && from >= 0) {
                found.add(new int[] {from, c - 1});
                from = -1;
            }
        }
        return new CharSet(found.stream().flatMapToInt(Arrays::stream).toArray());
    }

    public CharSet or(CharSet other) {
        var all = new ArrayList<int[]>(ranges());
        all.addAll(other.ranges());
        all.sort((x, y) -> Integer.compare(x[0], y[0]));
        var merged = new ArrayList<int[]>();
        for (int[] range : all) {
            if (!merged.isEmpty() && range[0] <= merged.getLast()[1] + 1) {
                merged.getLast()[1] = Math.max(merged.getLast()[1], range[1]);
            } else {
                merged.add(range);
            }
        }
        return new CharSet(merged.stream().flatMapToInt(Arrays::stream).toArray());
    }

    public CharSet not() {
        var gaps = new ArrayList<int[]>();
        int from = 0;
        for (int[] range : ranges()) {
            if (range[0] > from) {
                gaps.add(new int[] {from, range[0] - 1});
            }
            from = range[1] + 1;
        }
        if (from <= LAST) {
            gaps.add(new int[] {from, LAST});
        }
        return new CharSet(gaps.stream().flatMapToInt(Arrays::stream).toArray());
    }

    CharSet and(CharSet other) {
        return not().or(other.not()).not();
    }

    boolean contains(int c) {
        for (int i = 0; i < ranges.length; i += 2) {
            if (c >= ranges[i] && c <= ranges[i + 1]) {
                return true;
            }
        }
        return false;
    }

    /// Pairs of the first and last code point of a range, ascending. The caller may change the list and the pairs.
    List<int[]> ranges() {
        var list = new ArrayList<int[]>();
        for (int i = 0; i < ranges.length; i += 2) {
            list.add(new int[] {ranges[i], ranges[i + 1]});
        }
        return list;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CharSet set && Arrays.equals(ranges, set.ranges);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ranges);
    }
}
