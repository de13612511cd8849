package dev.flover.app.demo;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/// The content of the screen at one moment.
///
/// @param nowMs           ms since the first request was sent
/// @param generations     the generations sent so far, by number
/// @param total           how many generations the act has
/// @param spanMs          expected duration of the act in ms
/// @param stepsPerSecond  steps per second, over the last second
/// @param tokensPerSecond tokens per second, over the last second
/// @param rowsPerStep     rows per step, over the last second
/// @param overlap         rows per step over time, one value for each [Scoreboard#SAMPLE_MS]
/// @param notice          the phase of the demo, in words
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record Frame(
        long nowMs,
        List<Generation> generations,
        int total,
        long spanMs,
        double stepsPerSecond,
        double tokensPerSecond,
        double rowsPerStep,
        float[] overlap,
        String notice) {

    Frame {
        generations = List.copyOf(generations);
    }

    List<Generation> in(State state) {
        return generations.stream().filter(generation -> generation.state() == state).toList();
    }

    enum State {
        /// The request was sent, and none of its tokens has been read.
        WAITING,
        DECODING,
        DONE
    }

    /// @param firstMs when its first tokens were read from the tokens topic, in ms since the act began; undefined while
    ///                it waits
    /// @param endMs   when its last tokens were read, in ms since the act began; undefined until it is done
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    record Generation(
            int number, String prompt, String text, int tokens, State state, long sentMs, long firstMs, long endMs) {}
}
