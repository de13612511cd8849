package dev.flover.app.options;

import dev.flover.engine.sampling.SamplingParams;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Options for how tokens are drawn and when an answer ends. An option that was not given is null.
public final class SamplingOptions {
    private static final int MOST_LOGPROBS = 20;
    private static final int NO_LOGPROBS = -1;

    @Option(names = "--temperature", paramLabel = "X",
            description = "0 takes the most probable token each time; in [0, 10].")
    private Float temperature;

    @Option(names = "--top-k", paramLabel = "N", description = "Keep the N most probable tokens; 0 keeps all.")
    private Integer topK;

    @Option(names = "--top-p", paramLabel = "X",
            description = "Keep the fewest tokens whose probability reaches X; in (0, 1].")
    private Float topP;

    @Option(names = "--min-p", paramLabel = "X",
            description = "Keep tokens at least X times as probable as the best; in [0, 1].")
    private Float minP;

    @Option(names = "--typical-p", paramLabel = "X", description = "Locally typical sampling; in (0, 1], 1 is off.")
    private Float typicalP;

    @Option(names = "--repetition-penalty", paramLabel = "X",
            description = "Makes tokens seen in prompt or answer less probable; in (0, 10], 1 is off.")
    private Float repetitionPenalty;

    @Option(names = "--presence-penalty", paramLabel = "X",
            description = "Taken once from the logit of a token already in the answer; in [-2, 2].")
    private Float presencePenalty;

    @Option(names = "--frequency-penalty", paramLabel = "X",
            description = "Taken from it for each occurrence; in [-2, 2].")
    private Float frequencyPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed draws the same answer. "
            + "Default: one that follows from the request's id.")
    private Long seed;

    @Option(names = "--max-tokens", paramLabel = "N", description = "The answer ends at N tokens.")
    private Integer maxTokens;

    @Option(names = "--min-tokens", paramLabel = "N", description = "No end of text before N tokens.")
    private Integer minTokens;

    @Option(names = "--logprobs", paramLabel = "N",
            description = "The logprob of each token, and of the N most probable ones in its place; in [0, 20].")
    private Integer logprobs;

    @Option(names = "--stop", paramLabel = "TEXT", description = "Ends the answer and is not part of it; may be given "
            + "several times.")
    private List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "Do not end at the model's end of text.")
    private boolean ignoreEos;

    public Float temperature() {
        return temperature;
    }

    public Integer topK() {
        return topK;
    }

    public Float topP() {
        return topP;
    }

    public Float minP() {
        return minP;
    }

    public Float typicalP() {
        return typicalP;
    }

    public Float repetitionPenalty() {
        return repetitionPenalty;
    }

    public Float presencePenalty() {
        return presencePenalty;
    }

    public Float frequencyPenalty() {
        return frequencyPenalty;
    }

    public Long seed() {
        return seed;
    }

    public Integer maxTokens() {
        return maxTokens;
    }

    public Integer minTokens() {
        return minTokens;
    }

    public Integer logprobs() {
        return logprobs;
    }

    public List<String> stop() {
        return stop;
    }

    public boolean ignoreEos() {
        return ignoreEos;
    }

    /// Makes the engine's sampling parameters; greedy if no option was given.
    ///
    /// @param otherSeed the seed if none was given
    /// @throws ParameterException naming the option whose value is out of range
    public SamplingParams params(CommandSpec command, long otherSeed) {
        if (maxTokens != null) {
            OptionRange.check(command, "--max-tokens", maxTokens, 1, Integer.MAX_VALUE);
        }
        if (logprobs != null) {
            OptionRange.check(command, "--logprobs", logprobs, 0, MOST_LOGPROBS);
        }
        try {
            return SamplingParams.greedy().with(s -> s.repetitionPenalty(given(repetitionPenalty, 1))
                    .presencePenalty(given(presencePenalty, 0)).frequencyPenalty(given(frequencyPenalty, 0))
                    .temperature(given(temperature, 0)).topK(topK != null ? topK : 0).topP(given(topP, 1))
                    .minP(given(minP, 0)).typicalP(given(typicalP, 1)).seed(seed != null ? seed : otherSeed)
                    .topLogprobs(logprobs != null ? logprobs : NO_LOGPROBS)
                    .minTokens(minTokens != null ? minTokens : 0));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), FieldNames.asOptions(e.getMessage()), e);
        }
    }

    private static float given(Float value, float otherwise) {
        return value != null ? value : otherwise;
    }
}
