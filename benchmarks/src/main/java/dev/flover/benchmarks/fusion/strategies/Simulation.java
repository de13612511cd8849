package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Demand;
import dev.flover.benchmarks.workload.Workload;
import java.util.List;

/// The closed form of temporal fusion: counts iterations of a workload, whose unit of time is an iteration, without
/// computing any.
///
/// A request joins at the first iteration boundary after its arrival and takes part in one iteration for each of its
/// tokens. Boundaries follow each other while any request is live; if none is live, the next arrival is a boundary.
///
/// ```
///   arrivals      a     b                        c
///   boundaries    |  |  |  |  |  |  |            |  |  |  |
///                 └── busy: 6 iterations ──┘     └ 3 ─────┘
/// ```
///
/// @param iterations  fused iterations in all
/// @param overlap     mean number of requests in an iteration
/// @param completions when each request has its last token, in thousandths of an iteration
public record Simulation(long iterations, double overlap, List<Long> completions) {
    public static Simulation of(Workload workload) {
        var completions = new Long[workload.size()];
        long iterations = 0;
        long begin = 0;
        long end = 0;
        for (int i = 0; i < completions.length; i++) {
            var demand = workload.demands().get(i);
            if (demand.arrival() > end) {
                iterations += (end - begin) / Demand.UNIT;
                begin = demand.arrival();
                end = begin;
            }
            long join = begin + Math.ceilDiv(demand.arrival() - begin, Demand.UNIT) * Demand.UNIT;
            completions[i] = join + demand.tokens() * Demand.UNIT;
            end = Math.max(end, completions[i]);
        }
        iterations += (end - begin) / Demand.UNIT;
        return new Simulation(iterations, (double) workload.tokens() / iterations, List.of(completions));
    }
}
