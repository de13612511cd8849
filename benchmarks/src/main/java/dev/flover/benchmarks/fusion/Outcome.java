package dev.flover.benchmarks.fusion;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.fusion.strategies.Recording;
import dev.flover.benchmarks.fusion.strategies.Strategy;
import dev.flover.benchmarks.workload.Spread;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The figures of one strategy on one workload, by the wall clock.
///
/// @param iterations       number of steps; with instances, of all of them together
/// @param overlap          mean number of requests that got a token in an iteration
/// @param paddingRows      rows computed for no request
/// @param moves            slots moved by reordering
/// @param movedBytes       bytes of keys and values moved by reordering
/// @param makespanSeconds  from the first arrival to the last token
/// @param firstTokenMs     from a request's arrival to its first token
/// @param betweenTokensMs  between two tokens of a request
/// @param latencyMs        from a request's arrival to its last token
/// @param latenciesMs      the same for each request, in order of arrival
/// @param completionsS     when requests ended, in s since the first arrival, sorted
/// @param heldBytes        peak bytes of keys and values
/// @param copiesOfWeights  number of copies of the model's weights in memory at the same time
/// @param held             bytes of keys and values over time: at most 300 points of seconds and bytes
/// @param throughput       throughput over time: points of seconds and tokens per second
/// @param lives            the first and the last iteration of each request
/// @param sameTokens       whether every request got the same tokens as under the first strategy
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record Outcome(
        String strategy,
        String title,
        long iterations,
        double overlap,
        @JsonProperty("padding_rows") long paddingRows,
        long moves,
        @JsonProperty("moved_bytes") long movedBytes,
        @JsonProperty("makespan_s") double makespanSeconds,
        @JsonProperty("tokens_per_s") double tokensPerSecond,
        @JsonProperty("first_token_ms") Spread firstTokenMs,
        @JsonProperty("between_tokens_ms") Spread betweenTokensMs,
        @JsonProperty("latency_ms") Spread latencyMs,
        @JsonProperty("latencies_ms") double[] latenciesMs,
        @JsonProperty("completions_s") double[] completionsS,
        @JsonProperty("held_bytes") long heldBytes,
        @JsonProperty("copies_of_weights") int copiesOfWeights,
        double[][] held,
        double[][] throughput,
        int[][] lives,
        @JsonProperty("same_tokens") boolean sameTokens) {
    private static final int MOST_POINTS = 300;
    private static final int THROUGHPUT_WINDOWS = 24;

    static Outcome of(Strategy strategy, Recording recording, Recording first) {
        return of(strategy.name(), strategy.title(), strategy.copiesOfWeights(), recording, first);
    }

    /// @param first the first recording of the workload, whose tokens are compared
    static Outcome of(String name, String title, int copiesOfWeights, Recording recording, Recording first) {
        int count = recording.workload().size();
        double perSecond = recording.ticksPerSecond();
        var latencies = new double[count];
        var firstTokens = new double[count];
        var completions = new double[count];
        var lives = new int[count][];
        boolean same = true;
        for (int i = 0; i < count; i++) {
            long arrival = recording.arrival(i);
            latencies[i] = 1e3 * (recording.completion(i) - arrival) / perSecond;
            firstTokens[i] = 1e3 * (recording.times(i)[0] - arrival) / perSecond;
            completions[i] = recording.completion(i) / perSecond;
            lives[i] = new int[] {recording.firstIteration(i), recording.lastIteration(i)};
            same &= Arrays.equals(recording.tokens(i), first.tokens(i));
        }
        Arrays.sort(completions);
        double makespan = completions[count - 1];
        long rows = recording.iterations().stream().mapToLong(Recording.Iteration::rows).sum();
        long live = recording.iterations().stream().mapToLong(Recording.Iteration::live).sum();
        long steps = recording.iterationCount();
        return OutcomeBuilder.builder().strategy(name).title(title).iterations(steps)
                .overlap((double) recording.workload().tokens() / steps).paddingRows(rows - live)
                .moves(recording.moves()).movedBytes(recording.movedBytes()).makespanSeconds(makespan)
                .tokensPerSecond(recording.workload().tokens() / makespan).firstTokenMs(Spread.of(firstTokens))
                .betweenTokensMs(Spread.of(gaps(recording))).latencyMs(Spread.of(latencies))
                .latenciesMs(latencies).completionsS(completions)
                .heldBytes(recording.iterations().stream().mapToLong(Recording.Iteration::heldBytes).max().orElse(0))
                .copiesOfWeights(copiesOfWeights).held(held(recording))
                .throughput(throughput(recording, makespan)).lives(lives).sameTokens(same).build();
    }

    private static double[] gaps(Recording recording) {
        int count = recording.workload().size();
        var gaps = new double[(int) (recording.workload().tokens() - count)];
        int at = 0;
        for (int i = 0; i < count; i++) {
            long[] times = recording.times(i);
            for (int token = 1; token < times.length; token++) {
                gaps[at++] = 1e3 * (times[token] - times[token - 1]) / recording.ticksPerSecond();
            }
        }
        return gaps;
    }

    /// Returns the peak bytes of keys and values in each of at most 300 intervals of the run.
    private static double[][] held(Recording recording) {
        var iterations = recording.iterations();
        int stride = Math.max(1, Math.ceilDiv(iterations.size(), MOST_POINTS));
        List<double[]> points = new ArrayList<>();
        for (int i = 0; i < iterations.size(); i += stride) {
            var piece = iterations.subList(i, Math.min(iterations.size(), i + stride));
            long most = piece.stream().mapToLong(Recording.Iteration::heldBytes).max().orElseThrow();
            points.add(new double[] {piece.getFirst().end() / recording.ticksPerSecond(), most});
        }
        return points.toArray(new double[0][]);
    }

    private static double[][] throughput(Recording recording, double makespan) {
        double width = makespan / THROUGHPUT_WINDOWS;
        var points = new double[THROUGHPUT_WINDOWS][];
        for (int i = 0; i < THROUGHPUT_WINDOWS; i++) {
            points[i] = new double[] {(i + 0.5) * width, 0};
        }
        for (int request = 0; request < recording.workload().size(); request++) {
            for (long time : recording.times(request)) {
                int window = (int) (time / recording.ticksPerSecond() / width);
                points[Math.min(window, THROUGHPUT_WINDOWS - 1)][1] += 1 / width;
            }
        }
        return points;
    }
}
