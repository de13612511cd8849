package dev.flover.engine.loading;

import dev.flover.engine.sampling.SamplingParams;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The publisher's suggestions for sampling that a model file contains.
///
/// @param samples false: choose the most probable token each time, whatever the temperature
record SamplingDefaults(
        OptionalDouble temperature,
        OptionalInt topK,
        OptionalDouble topP,
        OptionalDouble minP,
        OptionalDouble repetitionPenalty,
        OptionalDouble typicalP,
        Optional<Boolean> samples) {

    /// The suggestions as sampling parameters.
    ///
    /// @return null if the file suggests nothing
    /// @throws IllegalArgumentException if a value is out of range
    @Nullable SamplingParams params() {
        boolean suggests = topK.isPresent() || samples.isPresent()
                || Stream.of(temperature, topP, minP, repetitionPenalty, typicalP).anyMatch(OptionalDouble::isPresent);
        if (!suggests) {
            return null;
        }
        // A top-p of 0 still keeps the most probable token.
        boolean onlyMostProbable = topP.orElse(1) == 0;
        return SamplingParams.greedy().with(s -> s.repetitionPenalty((float) repetitionPenalty.orElse(1))
                .temperature(samples.orElse(true) ? (float) temperature.orElse(1) : 0)
                .topK(onlyMostProbable ? 1 : Math.max(topK.orElse(0), 0))
                .topP(onlyMostProbable ? 1 : (float) topP.orElse(1)).minP((float) minP.orElse(0))
                .typicalP((float) typicalP.orElse(1)));
    }
}
