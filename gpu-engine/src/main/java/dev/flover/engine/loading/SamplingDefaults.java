package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.sampling.SamplingParams;
import java.nio.file.Path;
import java.util.List;
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

    /// JSON: keys of `generation_config.json` that are not followed, each with the value that has no effect; an
    /// empty text if every value has one.
    private static final List<String> NOT_FOLLOWED = List.of("\"no_repeat_ngram_size\": 0",
            "\"encoder_no_repeat_ngram_size\": 0", "\"encoder_repetition_penalty\": 1", "\"epsilon_cutoff\": 0",
            "\"eta_cutoff\": 0", "\"num_beams\": 1", "\"penalty_alpha\": 0", "\"min_length\": 0",
            "\"min_new_tokens\": 0", "\"guidance_scale\": 1", "\"top_h\": 1", "\"bad_words_ids\": \"\"",
            "\"suppress_tokens\": \"\"", "\"begin_suppress_tokens\": \"\"", "\"force_words_ids\": \"\"",
            "\"forced_bos_token_id\": \"\"", "\"forced_eos_token_id\": \"\"", "\"sequence_bias\": \"\"",
            "\"exponential_decay_length_penalty\": \"\"", "\"stop_strings\": \"\"", "\"watermarking_config\": \"\"");

    /// A warning for each key of `generation_config.json` that suggests a way of sampling that is not supported.
    static List<String> warnings(JsonFile generation) {
        var given = generation.neverAsked();
        return NOT_FOLLOWED.stream().filter(entry -> given.contains(entry.split("\"")[1]))
                .filter(entry -> generation.firstDifference("{" + entry + "}").isPresent())
                .map(entry -> "\"" + entry.split("\"")[1] + "\" of generation_config.json suggests a way of sampling"
                        + " that is not supported").toList();
    }

    /// The suggestions as sampling parameters.
    ///
    /// @param file the file that suggests them
    /// @return null if the file suggests nothing
    /// @throws ModelFileException if a value is out of range
    @Nullable SamplingParams params(Path file) {
        boolean suggests = topK.isPresent() || samples.isPresent()
                || Stream.of(temperature, topP, minP, repetitionPenalty, typicalP).anyMatch(OptionalDouble::isPresent);
        if (!suggests) {
            return null;
        }
        // A top-p of 0 still keeps the most probable token.
        boolean onlyMostProbable = topP.orElse(1) == 0;
        try {
            return SamplingParams.greedy().with(s -> s.repetitionPenalty((float) repetitionPenalty.orElse(1))
                    .temperature(samples.orElse(true) ? (float) temperature.orElse(1) : 0)
                    .topK(onlyMostProbable ? 1 : Math.max(topK.orElse(0), 0))
                    .topP(onlyMostProbable ? 1 : (float) topP.orElse(1)).minP((float) minP.orElse(0))
                    .typicalP((float) typicalP.orElse(1)));
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(file, "suggests sampling that is not possible: " + e.getMessage(), e);
        }
    }
}
