package dev.flover.schemas.json;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/// Finds the known name that is nearest to a misspelt one, for error messages.
public final class NearestName {
    private NearestName() {}

    /// Returns the known name with the smallest edit distance, ignoring upper and lower case; of several, the first in
    /// alphabetical order.
    public static String to(String wrong, Collection<String> known) {
        String small = wrong.toLowerCase(Locale.ROOT);
        return known.stream()
                .min(Comparator.comparingInt((String name) -> distance(small, name.toLowerCase(Locale.ROOT)))
                        .thenComparing(name -> name))
                .orElseThrow();
    }

    /// Computes the optimal string alignment distance (Damerau 1964): insertions, deletions, replacements and swaps of
    /// neighbouring letters, by dynamic programming over three rows.
    public static int distance(String from, String to) {
        int[] before = new int[to.length() + 1];
        int[] last = new int[to.length() + 1];
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int same = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(Math.min(last[j] + 1, row[j - 1] + 1), last[j - 1] + same);
                boolean swapped = i > 1 && j > 1 && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1);
                if (swapped) {
                    row[j] = Math.min(row[j], before[j - 2] + 1);
                }
            }
            int[] free = before;
            before = last;
            last = row;
            row = free;
        }
        return last[to.length()];
    }
}
