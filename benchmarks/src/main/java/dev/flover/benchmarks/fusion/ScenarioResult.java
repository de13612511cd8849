package dev.flover.benchmarks.fusion;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.fusion.strategies.Recording;
import dev.flover.benchmarks.fusion.strategies.Simulation;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The results for one workload.
///
/// @param meanGapMs            mean time between two requests in the paper's ms; null for a trace
/// @param tokens               tokens of each request, in order of arrival
/// @param simulatedIterations  iterations by the closed form
/// @param simulatedOverlap     mean requests in an iteration by the closed form
/// @param countedIterations    the number of iterations of the engine, with simulated time: an iteration takes one unit
/// @param completionsAgree     whether every request ended in the iteration that the closed form gives
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record ScenarioResult(
        String title,
        String arrivals,
        @JsonProperty("mean_gap_ms") @Nullable Double meanGapMs,
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
        return ScenarioResultBuilder.builder().title(scenario.title()).arrivals(scenario.arrivals())
                .meanGapMs(Double.isNaN(scenario.meanGapMs()) ? null : scenario.meanGapMs())
                .lengths(scenario.lengths())
                .tokens(scenario.workload().demands().stream().mapToInt(demand -> demand.tokens()).toArray())
                .simulatedIterations(simulation.iterations()).simulatedOverlap(simulation.overlap())
                .countedIterations(counted.iterations().size()).completionsAgree(agree).outcomes(outcomes).build();
    }
}
