package dev.flover.benchmarks.load;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A page of metrics in Prometheus' text format: values by name with labels.
record Metrics(Map<String, Double> values) {
    private static final String LESS_OR_EQUAL = "le=\"";

    static Metrics of(Stream<String> lines) {
        var values = new HashMap<String, Double>();
        lines.filter(line -> !line.startsWith("#")).forEach(line -> {
            int space = line.lastIndexOf(' ');
            if (space > 0) {
                values.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
            }
        });
        return new Metrics(values);
    }

    /// Returns the sum of all values of a name whose labels contain the given text.
    double sum(String name, String labels) {
        return values.entrySet().stream()
                .filter(entry -> entry.getKey().equals(name) || entry.getKey().startsWith(name + "{"))
                .filter(entry -> entry.getKey().contains(labels))
                .mapToDouble(Map.Entry::getValue).sum();
    }

    double sum(String name) {
        return sum(name, "");
    }

    /// Returns the upper bound, in s, of the histogram bucket that contains the given quantile of a timer's values
    /// since `before`; 0 if there are none.
    double quantileSince(Metrics before, String timer, double share) {
        NavigableMap<Double, Double> buckets = new TreeMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(timer + "_bucket{")) {
                int start = key.indexOf(LESS_OR_EQUAL) + LESS_OR_EQUAL.length();
                String bound = key.substring(start, key.indexOf('"', start));
                double limit = bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound);
                buckets.merge(limit, value - before.values.getOrDefault(key, 0.0), Double::sum);
            }
        });
        double wanted = buckets.isEmpty() ? 0 : buckets.lastEntry().getValue() * share;
        return wanted == 0 ? 0 : buckets.entrySet().stream()
                .filter(bucket -> bucket.getValue() >= wanted)
                .mapToDouble(Map.Entry::getKey).findFirst().orElse(Double.POSITIVE_INFINITY);
    }
}
