package dev.flover.app.demo;

import java.util.List;

/// What there is to see at one moment.
///
/// @param nowMs           since the first request was sent
/// @param generations     those sent so far, by number
/// @param total           how many there will be
/// @param spanMs          how long the act is expected to take
/// @param stepsPerSecond  over the last second
/// @param tokensPerSecond over the last second
/// @param rowsPerStep     over the last second
/// @param overlap         rows per step over time, [Scoreboard#SAMPLE_MS] apart
/// @param notice          what is happening, in words
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
        /// Sent; nothing has come back yet.
        WAITING,
        DECODING,
        DONE
    }

    /// @param firstMs when its first tokens were read from the tokens topic; meaningless while it waits
    /// @param endMs   when its last ones were; meaningless before it is done
    record Generation(
            int number, String prompt, String text, int tokens, State state, long sentMs, long firstMs, long endMs) {}
}
