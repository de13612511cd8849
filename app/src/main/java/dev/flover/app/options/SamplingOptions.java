package dev.flover.app.options;

import dev.flover.engine.sampling.SamplingOption;
import dev.flover.engine.sampling.SamplingParams;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Options for how tokens are drawn and when an answer ends. An option that was not given is null.
public final class SamplingOptions {
    private static final int MOST_LOGPROBS = 20;

    private final Map<SamplingOption, Number> given = new EnumMap<>(SamplingOption.class);

    @Option(names = "--temperature", paramLabel = "X",
            description = "0 always takes the most probable token; in [0, 10].")
    void temperature(Float value) {
        give(SamplingOption.TEMPERATURE, value);
    }

    @Option(names = "--top-k", paramLabel = "N", description = "Keep the N most probable tokens; 0 keeps all.")
    void topK(Integer value) {
        give(SamplingOption.TOP_K, value);
    }

    @Option(names = "--top-p", paramLabel = "X",
            description = "Keep the fewest tokens whose probability reaches X; in (0, 1].")
    void topP(Float value) {
        give(SamplingOption.TOP_P, value);
    }

    @Option(names = "--min-p", paramLabel = "X",
            description = "Keep tokens at least X times as probable as the best; in [0, 1].")
    void minP(Float value) {
        give(SamplingOption.MIN_P, value);
    }

    @Option(names = "--top-n-sigma", paramLabel = "X", description = "Keep tokens whose logit lies at most X standard "
            + "deviations of all logits below the greatest; in [0, 100], 0 keeps all.")
    void topNSigma(Float value) {
        give(SamplingOption.TOP_N_SIGMA, value);
    }

    @Option(names = "--typical-p", paramLabel = "X", description = "Locally typical sampling; in (0, 1], 1 is off.")
    void typicalP(Float value) {
        give(SamplingOption.TYPICAL_P, value);
    }

    @Option(names = "--repetition-penalty", paramLabel = "X",
            description = "Reduces the probability of tokens that are in the prompt or the answer; in (0, 10], 1 is "
                    + "off.")
    void repetitionPenalty(Float value) {
        give(SamplingOption.REPETITION_PENALTY, value);
    }

    @Option(names = "--presence-penalty", paramLabel = "X",
            description = "Subtracted once from the logit of a token that is in the answer; in [-2, 2].")
    void presencePenalty(Float value) {
        give(SamplingOption.PRESENCE_PENALTY, value);
    }

    @Option(names = "--frequency-penalty", paramLabel = "X",
            description = "Subtracted from the logit of a token for each occurrence in the answer; in [-2, 2].")
    void frequencyPenalty(Float value) {
        give(SamplingOption.FREQUENCY_PENALTY, value);
    }

    @Option(names = "--seed", paramLabel = "N", description = "The same seed draws the same answer. Default: derived "
            + "from the request's id.")
    private @Nullable Long seed;

    @Option(names = "--max-tokens", paramLabel = "N", description = "Most tokens of the answer.")
    private @Nullable Integer maxTokens;

    @Option(names = "--min-tokens", paramLabel = "N", description = "The answer does not end before N tokens.")
    private @Nullable Integer minTokens;

    @Option(names = "--logprobs", paramLabel = "N",
            description = "Return the logprob of each token and of the N most probable tokens at its position; in [0, "
                    + "20].")
    private @Nullable Integer logprobs;

    @Option(names = "--stop", paramLabel = "TEXT", description = "Ends the answer and is not part of it; may be given "
            + "several times.")
    private List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "Continue the answer after the model's end-of-text token.")
    private boolean ignoreEos;

    /// The numbers of sampling that are given.
    public Map<SamplingOption, Number> given() {
        return Collections.unmodifiableMap(given);
    }

    /// Whether any option is given.
    public boolean areGiven() {
        return !given.isEmpty() || seed() != null || maxTokens() != null || minTokens() != null || logprobs() != null
                || !stop().isEmpty() || ignoreEos();
    }

    public @Nullable Long seed() {
        return seed;
    }

    public @Nullable Integer maxTokens() {
        return maxTokens;
    }

    public @Nullable Integer minTokens() {
        return minTokens;
    }

    public @Nullable Integer logprobs() {
        return logprobs;
    }

    public List<String> stop() {
        return stop;
    }

    public boolean ignoreEos() {
        return ignoreEos;
    }

    /// Makes the engine's sampling parameters, without a seed; greedy if no option was given.
    ///
    /// @throws ParameterException naming the option whose value is out of range
    public SamplingParams params(CommandSpec command) {
        if (maxTokens != null) {
            OptionRange.check(command, "--max-tokens", maxTokens, 1, Integer.MAX_VALUE);
        }
        if (logprobs != null) {
            OptionRange.check(command, "--logprobs", logprobs, 0, MOST_LOGPROBS);
        }
        try {
            return SamplingParams.greedy().with(params -> {
                given.forEach((option, value) -> option.set(params, value));
                params.minTokens(minTokens != null ? minTokens : 0);
            });
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), FieldNames.asOptions(e.getMessage()), e);
        }
    }

    private void give(SamplingOption option, Number value) {
        if (value == null) {
            given.remove(option);
        } else {
            given.put(option, value);
        }
    }
}
