package dev.flover.benchmarks.engine;

import dev.flover.benchmarks.workload.Spread;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// One measured run: sequences with prompts of equal length are admitted together and computed to their last token.
///
/// ```
///   prompts    ████████                      prefill: to the step in which the last one gets its first token
///   answers      ────────────────────
///                     ───────────────────
///                        └─ decode ─┘        the steps in which all of them are generating
/// ```
final class EngineRun implements TokenSink {
    private final Engine engine;
    private final int batch;
    private final int promptTokens;
    private final int generated;
    private final SamplingParams sampling;
    private final Constrained constrained;
    private int started;
    private int ended;
    private int finished;
    private long tokens;
    private final double[] pumpMicros;
    private int pumps;

    /// Sequences whose answers have to fit a constraint, and which do not end before the measured part does.
    ///
    /// @param count      number of constrained sequences, the first of the batch
    /// @param constraint the constraint; null for none
    /// @param ends       tokens that end an answer
    record Constrained(int count, @Nullable Constraint constraint, TokenSet ends) {
        static final Constrained NONE = new Constrained(0, null, TokenSet.EMPTY);
    }

    /// @param sampling sampling parameters of all sequences; each sequence gets its own seed
    EngineRun(Engine engine, int batch, int promptTokens, int generated, SamplingParams sampling,
            Constrained constrained) {
        this.engine = engine;
        this.batch = batch;
        this.promptTokens = promptTokens;
        this.generated = generated;
        this.sampling = sampling;
        this.constrained = constrained;
        pumpMicros = new double[2 * generated + 16];        // one pump for each step, and some that launch none
    }

    /// Makes an engine's configuration for runs of up to `batch` sequences of `length` tokens.
    ///
    /// @param tokenBudget the most rows of a step
    static EngineConfig config(int batch, int length, int tokenBudget) {
        int blocks = batch * Math.ceilDiv(length + 1, 16) + 16;
        return EngineConfig.of(batch, Math.max(tokenBudget, batch))
                .withPrefillChunk(tokenBudget)
                .withKvBlocks(blocks)
                .withPrefixCaching(false);
    }

    /// The times of a run.
    ///
    /// @param prefillSeconds from the beginning to the end of the step in which the last sequence gets its first token
    /// @param decodeSeconds duration of the full steps
    /// @param decodeTokens tokens drawn in the full steps
    /// @param fullSteps   number of steps in which all sequences were generating
    /// @param decodeUsage memory allocated and garbage collections during the full steps
    /// @param pumpMicros  time of the engine's owner thread to commit a step and to plan the next, in µs; only the
    ///                    first `pumps` elements are valid
    /// @param pumps       number of valid elements in `pumpMicros`
    record Times(double prefillSeconds, double decodeSeconds, long decodeTokens, long fullSteps,
            Machine.Usage decodeUsage, double[] pumpMicros, int pumps) {
        /// Returns the median time to commit a step and to plan the next, in µs. The median excludes pumps during which
        /// the thread lost its core.
        double schedulingMicros() {
            return Spread.of(Arrays.copyOf(pumpMicros, pumps)).p50();
        }
    }

    /// @throws IllegalArgumentException if there is no step in which all sequences are generating
    Times measure(int vocabulary, long seed) {
        var random = new Random(seed);
        for (int i = 0; i < batch; i++) {
            int[] prompt = random.ints(promptTokens, 0, vocabulary).toArray();
            var own = i < constrained.count() ? constrained : Constrained.NONE;
            engine.admit(SequenceRequest.of(prompt, seeded(random.nextLong()), generated, own.ends())
                    .withConstraint(own.constraint()));
        }
        long start = System.nanoTime();
        while (started < batch && ended == 0) {
            step();
        }
        long middle = System.nanoTime();
        pumps = 0;
        long atMiddle = tokens;
        var before = Machine.usage();
        long begin = System.nanoTime();
        while (ended == 0) {
            step();
        }
        long end = System.nanoTime();
        long fullSteps = (tokens - atMiddle) / batch;       // a pump may deliver the tokens of two steps
        if (fullSteps == 0) {
            throw new IllegalArgumentException(tooShort());
        }
        var times = new Times((middle - start) * 1e-9, (end - begin) * 1e-9, fullSteps * batch, fullSteps,
                before.untilNow(), pumpMicros, pumps);
        finish();
        return times;
    }

    private String tooShort() {
        return "batch " + batch + " cannot be measured: an answer of " + generated + " tokens ends before the last of "
                + batch + " prompts of " + promptTokens + " tokens has been computed, so that no step has all of them; "
                + "make --gen-tokens or --token-budget greater, or --prompt-tokens smaller";
    }

    private void finish() {
        while (ended < batch) {
            step();
        }
        if (finished != batch) {
            throw new IllegalStateException(finished + " of " + batch + " sequences finished");
        }
    }

    private SamplingParams seeded(long seed) {
        return SamplingParams.sampled(sampling.temperature(), seed).withTopK(sampling.topK()).withTopP(sampling.topP());
    }

    private void step() {
        engine.await();
        long begin = System.nanoTime();
        engine.pump(this);
        if (pumps < pumpMicros.length) {
            pumpMicros[pumps++] = (System.nanoTime() - begin) / 1e3;
        }
    }

    @Override
    public void token(
            long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        tokens++;
        if (index == 0) {
            started++;
        }
    }

    @Override
    public void finished(long sequence, FinishReason reason) {
        ended++;
        if (reason == FinishReason.LENGTH) {
            finished++;
        }
    }
}
