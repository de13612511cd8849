package dev.flover.app.bench.fusion;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// What was found for one workload.
///
/// @param meanGapMs            in the paper's milliseconds; null for a trace
/// @param tokens               wanted by each request, in order of arrival
/// @param simulatedIterations  by the closed form
/// @param simulatedOverlap     by the closed form
/// @param countedIterations    of the engine, where each iteration takes one unit of the workload's time
/// @param completionsAgree     whether every request then also ended in the iteration that the closed form says
record ScenarioResult(
        String title,
        String arrivals,
        @JsonProperty("mean_gap_ms") Double meanGapMs,
        String lengths,
        int[] tokens,
        @JsonProperty("simulated_iterations") long simulatedIterations,
        @JsonProperty("simulated_overlap") double simulatedOverlap,
        @JsonProperty("counted_iterations") long countedIterations,
        @JsonProperty("completions_agree") boolean completionsAgree,
        List<Outcome> outcomes) {

    static ScenarioResult of(Scenario scenario, Simulation simulation, Recording counted, List<Outcome> outcomes) {
        boolean agree = true;
        for (int i = 0; i < scenario.workload().size(); i++) {
            agree &= counted.completion(i) == simulation.completions().get(i);
        }
        return new ScenarioResult(
                scenario.title(), scenario.arrivals(),
                Double.isNaN(scenario.meanGapMs()) ? null : scenario.meanGapMs(), scenario.lengths(),
                scenario.workload().demands().stream().mapToInt(demand -> demand.tokens()).toArray(),
                simulation.iterations(), simulation.overlap(), counted.iterations().size(), agree, outcomes);
    }
}
