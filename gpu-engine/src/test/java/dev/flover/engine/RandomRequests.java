package dev.flover.engine;

import dev.flover.engine.api.PromptLogprobs;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Random requests of every kind: short and long, greedy and sampled, with and without each option, some with a common
/// prefix.
final class RandomRequests {
    private final Random random;
    private final int vocabulary;
    private final int[] sharedPrompt;

    RandomRequests(long seed, int vocabulary) {
        random = new Random(seed);
        this.vocabulary = vocabulary;
        sharedPrompt = random.ints(48, 0, vocabulary).toArray();
    }

    List<SequenceRequest> take(int count) {
        var requests = new ArrayList<SequenceRequest>();
        for (int i = 0; i < count; i++) {
            requests.add(next());
        }
        return requests;
    }

    SequenceRequest next() {
        int[] prompt = random.ints(1 + random.nextInt(48), 0, vocabulary).toArray();
        if (random.nextInt(3) == 0) {
            System.arraycopy(sharedPrompt, 0, prompt, 0, random.nextInt(prompt.length + 1));
        }
        var stopIds = random.nextInt(3) == 0 ? TokenSet.of(random.ints(2, 0, vocabulary).toArray()) : TokenSet.EMPTY;
        var sampling = sampling();
        int answerIndex = random.nextInt(3);
        return SequenceRequest.of(prompt, sampling, 1 + random.nextInt(40), stopIds).with(r -> r
                .answerIndex(answerIndex).priority(random.nextInt(3)).background(random.nextInt(4) == 0)
                .alone(random.nextInt(20) == 0)
                .promptLogprobs(promptLogprobs(prompt.length)));
    }

    private SamplingParams sampling() {
        boolean greedy = random.nextInt(3) == 0;
        return SamplingParams.greedy().with(s -> s
                .repetitionPenalty(sometimes() ? 1 + random.nextFloat() : 1)
                .presencePenalty(sometimes() ? random.nextFloat() * 2 - 0.5f : 0)
                .frequencyPenalty(sometimes() ? random.nextFloat() * 2 - 0.5f : 0)
                .temperature(greedy ? 0 : 0.5f + random.nextFloat())
                .topK(sometimes() ? 1 + random.nextInt(40) : 0)
                .topP(sometimes() ? 0.5f + random.nextFloat() / 2 : 1)
                .minP(sometimes() ? random.nextFloat() / 5 : 0)
                .topNSigma(sometimes() ? random.nextFloat() * 3 : 0)
                .typicalP(sometimes() ? 0.5f + random.nextFloat() / 2 : 1)
                .seed(random.nextLong())
                .topLogprobs(random.nextInt(6) - 1)
                .logitBias(sometimes() ? new LogitBias(new int[] {3, 50}, new float[] {2, Float.NEGATIVE_INFINITY})
                        : LogitBias.NONE)
                .allowedOnly(sometimes() ? TokenSet.of(random.ints(20, 0, vocabulary).toArray()) : TokenSet.EMPTY)
                .minTokens(sometimes() ? random.nextInt(20) : 0));
    }

    private PromptLogprobs promptLogprobs(int length) {
        return sometimes() ? new PromptLogprobs(1 + random.nextInt(length), random.nextInt(4)) : PromptLogprobs.NONE;
    }

    private boolean sometimes() {
        return random.nextInt(5) == 0;
    }
}
