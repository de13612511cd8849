package dev.flover.app.picture;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/// The content of the screen at one moment.
///
/// @param nowMs           ms since the beginning of the time axis
/// @param generations     the generations sent so far, by number
/// @param total           how many generations there will be
/// @param spanMs          the length of the time axis in ms, if it is more than `nowMs`
/// @param stepsPerSecond  steps per second, over the last second
/// @param tokensPerSecond tokens per second, over the last second
/// @param rowsPerStep     rows per step, over the last second
/// @param overlap         rows per step over time, one value for each [#SAMPLE_MS]
/// @param notice          the last line of the screen
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
public record Frame(
        long nowMs,
        List<Generation> generations,
        int total,
        long spanMs,
        double stepsPerSecond,
        double tokensPerSecond,
        double rowsPerStep,
        float[] overlap,
        String notice) {

    /// The time between two values of `overlap`, in ms.
    public static final int SAMPLE_MS = 100;

    public Frame {
        generations = List.copyOf(generations);
    }

    public List<Generation> in(State state) {
        return generations.stream().filter(generation -> generation.state() == state).toList();
    }

    public enum State {
        /// The request was sent, and none of its tokens has been read.
        WAITING,
        DECODING,
        DONE
    }

    /// @param firstMs when its first tokens were read from the tokens topic, in ms on the time axis; undefined while
    ///                it waits
    /// @param endMs   when its last tokens were read, in ms on the time axis; undefined until it is done
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    public record Generation(
            int number, String prompt, String text, int tokens, State state, long sentMs, long firstMs, long endMs) {}
}
