package dev.flover.engine;

import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A sink that stores the reports of each sequence, and checks that the positions have no gaps and no repeats.
final class Generations implements TokenSink {
    /// All reports of one sequence; two outcomes are equal only if every bit is.
    ///
    /// @param tokens   the reported tokens, which follow those that existed at admission
    /// @param logprobs the bits of the tokens' logprobs
    /// @param others   the alternatives and the bits of their logprobs, flattened
    /// @param prompt   the positions, tokens, logprobs and alternatives of the prompt's scores, flattened
    record Outcome(
            List<Integer> tokens, List<Integer> logprobs, List<Integer> others, List<Integer> prompt,
            FinishReason reason) {
        int[] tokenIds() {
            return tokens.stream().mapToInt(Integer::intValue).toArray();
        }

        /// The outcome of the same sequence if its first `count` tokens had existed at admission.
        Outcome after(int count) {
            int others = tokens.isEmpty() ? 0 : this.others.size() / tokens.size();
            return new Outcome(
                    tokens.subList(count, tokens.size()), logprobs.subList(count, logprobs.size()),
                    this.others.subList(count * others, this.others.size()), prompt, reason);
        }
    }

    private static final class Live {
        final int existing;
        final List<Integer> tokens = new ArrayList<>();
        final List<Integer> logprobs = new ArrayList<>();
        final List<Integer> others = new ArrayList<>();
        final List<Integer> prompt = new ArrayList<>();
        FinishReason reason;

        Live(int existing) {
            this.existing = existing;
        }
    }

    private final Map<Long, Live> live = new HashMap<>();

    void expect(long sequence, SequenceRequest request) {
        live.put(sequence, new Live(request.generatedIds().length));
    }

    @Override
    public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
        var generation = live.get(sequence);
        if (index != generation.existing + generation.tokens.size() || generation.reason != null) {
            throw new AssertionError("sequence " + sequence + " reported index " + index + " after "
                    + generation.existing + " + " + generation.tokens.size() + ", " + generation.reason);
        }
        generation.tokens.add(tokenId);
        generation.logprobs.add(Float.floatToRawIntBits(logprob));
        add(alternatives, generation.others);
    }

    @Override
    public void promptToken(long sequence, int position, int tokenId, float logprob, TopLogprobs alternatives) {
        var generation = live.get(sequence);
        if (!generation.tokens.isEmpty() || generation.reason != null) {
            throw new AssertionError("sequence " + sequence + " reported a prompt token after its answer began");
        }
        generation.prompt.addAll(List.of(position, tokenId, Float.floatToRawIntBits(logprob)));
        add(alternatives, generation.prompt);
    }

    private static void add(TopLogprobs alternatives, List<Integer> to) {
        for (int i = 0; alternatives != null && i < alternatives.count(); i++) {
            to.add(alternatives.token(i));
            to.add(Float.floatToRawIntBits(alternatives.logprob(i)));
        }
    }

    @Override
    public void finished(long sequence, FinishReason reason) {
        var generation = live.get(sequence);
        if (generation.reason != null) {
            throw new AssertionError("sequence " + sequence + " finished twice");
        }
        generation.reason = reason;
    }

    boolean hasFinished(long sequence) {
        return live.get(sequence).reason != null;
    }

    int reported(long sequence) {
        return live.get(sequence).tokens.size();
    }

    Outcome outcome(long sequence) {
        var generation = live.get(sequence);
        return new Outcome(
                List.copyOf(generation.tokens), List.copyOf(generation.logprobs), List.copyOf(generation.others),
                List.copyOf(generation.prompt), generation.reason);
    }

    /// The request, continued after the first `count` tokens of its outcome.
    static SequenceRequest resumed(SequenceRequest request, Outcome outcome, int count) {
        return request.withGeneratedIds(Arrays.copyOf(outcome.tokenIds(), count));
    }
}
