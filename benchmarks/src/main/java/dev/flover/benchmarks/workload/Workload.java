package dev.flover.benchmarks.workload;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/// Requests in order of arrival; the first arrives at 0.
public record Workload(List<Demand> demands) {
    public Workload {
        demands = demands.stream().sorted(Comparator.comparingLong(Demand::arrival)).toList();
        if (demands.isEmpty()) {
            throw new IllegalArgumentException("a workload needs at least one request");
        }
        if (demands.getFirst().arrival() != 0) {
            throw new IllegalArgumentException(
                    "a workload begins with its first request, which arrived at " + demands.getFirst().arrival());
        }
    }

    /// Draws a workload. Arrivals and lengths use separate random numbers: with the same seed, requests keep their
    /// lengths when the arrivals change, and keep their arrivals when the lengths change.
    public static Workload draw(Arrivals arrivals, Lengths lengths, int promptTokens, int count, long seed) {
        var gaps = new Random(seed);
        var tokens = new Random(~seed);
        var demands = new ArrayList<Demand>(count);
        double arrival = 0;
        for (int i = 0; i < count; i++) {
            demands.add(new Demand(Math.round(arrival * Demand.UNIT), promptTokens, lengths.next(tokens)));
            arrival += arrivals.gap(gaps);
        }
        return new Workload(demands);
    }

    public int size() {
        return demands.size();
    }

    /// Returns the tokens of all answers together.
    public long tokens() {
        return demands.stream().mapToLong(Demand::tokens).sum();
    }

    public int longestPrompt() {
        return demands.stream().mapToInt(Demand::promptTokens).max().orElseThrow();
    }

    public int mostTokens() {
        return demands.stream().mapToInt(Demand::tokens).max().orElseThrow();
    }

    /// Returns enough positions for any request, even if it is computed further as padding until the longest has ended.
    public int mostPositions() {
        return longestPrompt() + mostTokens();
    }
}
