package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Spread;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/// Tokens per second at one batch size.
record Rates(double decode, double prefill) {
    static double median(List<Rates> rates, ToDoubleFunction<Rates> rate) {
        return Spread.of(rates.stream().mapToDouble(rate).toArray()).p50();
    }

    /// Reduces the repeated measurements of each batch size to their medians.
    static Map<Integer, Rates> medians(Map<Integer, List<Rates>> repeated) {
        var medians = new TreeMap<Integer, Rates>();
        repeated.forEach((batch, rates) -> medians.put(
                batch, new Rates(median(rates, Rates::decode), median(rates, Rates::prefill))));
        return medians;
    }
}
