package dev.flover.engine.format;

import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// What a model's publisher suggests for sampling, as far as the file says.
record SamplingDefaults(
        OptionalDouble temperature,
        OptionalInt topK,
        OptionalDouble topP,
        OptionalDouble minP,
        OptionalDouble repetitionPenalty) {

    /// @return null where the file suggests nothing
    /// @throws IllegalArgumentException if a suggestion cannot be followed
    SamplingParams params() {
        if (temperature.isEmpty() && topK.isEmpty() && topP.isEmpty() && minP.isEmpty()
                && repetitionPenalty.isEmpty()) {
            return null;
        }
        return new SamplingParams(
                (float) repetitionPenalty.orElse(1), 0, 0, (float) temperature.orElse(1), Math.max(topK.orElse(0), 0),
                (float) topP.orElse(1), (float) minP.orElse(0), 1, 0, -1, LogitBias.NONE, TokenSet.EMPTY, 0);
    }
}
