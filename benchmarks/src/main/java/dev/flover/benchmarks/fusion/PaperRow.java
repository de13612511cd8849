package dev.flover.benchmarks.fusion;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.fusion.strategies.Simulation;
import dev.flover.benchmarks.workload.Arrivals;
import dev.flover.benchmarks.workload.Lengths;
import dev.flover.benchmarks.workload.Workload;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A figure of the paper beside the results of the closed form for many draws of the same arrivals.
///
/// @param paperIterations from the paper's one draw, in which an iteration takes longer the more requests it has
/// @param low             the 2.5th percentile of the iterations over the draws
/// @param high            the 97.5th percentile of the iterations over the draws
/// @param share           share of the draws with fewer iterations than the paper
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record PaperRow(
        @JsonProperty("mean_gap_ms") int meanGapMs,
        @JsonProperty("paper_iterations") int paperIterations,
        @JsonProperty("paper_overlap") double paperOverlap,
        @JsonProperty("mean_iterations") double meanIterations,
        long low,
        long high,
        @JsonProperty("share_below") double share,
        @JsonProperty("mean_overlap") double meanOverlap,
        @JsonProperty("low_overlap") double lowOverlap,
        @JsonProperty("high_overlap") double highOverlap) {
    private static final double TAIL = 0.025;

    /// Tells whether the paper's iterations lie between `low` and `high`, so that chance explains them.
    @JsonProperty("inside")
    boolean isInside() {
        return paperIterations >= low && paperIterations <= high;
    }

    static List<PaperRow> table(int seeds) {
        var rows = new ArrayList<PaperRow>();
        for (var figure : Paper.FIGURES) {
            rows.add(row(figure, seeds));
        }
        return List.copyOf(rows);
    }

    private static PaperRow row(Paper.Figure figure, int seeds) {
        var arrivals = new Arrivals.Exponential(Paper.iterations(figure.meanGapMs(), Paper.TOKENS));
        var lengths = new Lengths.Equal(Paper.TOKENS);
        var iterations = new long[seeds];
        var overlaps = new double[seeds];
        int below = 0;
        for (int seed = 0; seed < seeds; seed++) {
            var simulation = Simulation.of(
                    Workload.draw(arrivals, lengths, Paper.PROMPT_TOKENS, Paper.REQUESTS, seed));
            iterations[seed] = simulation.iterations();
            overlaps[seed] = simulation.overlap();
            below += iterations[seed] < figure.iterations() ? 1 : 0;
        }
        Arrays.sort(iterations);
        Arrays.sort(overlaps);
        int tail = (int) (TAIL * seeds);
        return PaperRowBuilder.builder().meanGapMs(figure.meanGapMs()).paperIterations(figure.iterations())
                .paperOverlap(figure.overlap()).meanIterations(Arrays.stream(iterations).average().orElseThrow())
                .low(iterations[tail]).high(iterations[seeds - 1 - tail]).share((double) below / seeds)
                .meanOverlap(Arrays.stream(overlaps).average().orElseThrow()).lowOverlap(overlaps[tail])
                .highOverlap(overlaps[seeds - 1 - tail]).build();
    }
}
