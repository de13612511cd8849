package dev.flover.app.bench;

import dev.flover.engine.Engine;
import dev.flover.engine.EngineConfig;
import dev.flover.engine.FinishReason;
import dev.flover.engine.SequenceRequest;
import dev.flover.engine.TokenSink;
import dev.flover.engine.TopLogprobs;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.Arrays;
import java.util.Random;

/// Some sequences with prompts of one length, together from the first prompt token to the last answer token.
///
/// Prefill ends with the step in which the last sequence gets its first token; what is drawn after that is decode.
final class EngineRun implements TokenSink {
    /// Prompt positions in a step.
    static final int PREFILL_ROWS = 512;

    private final Engine engine;
    private final int batch;
    private final int promptTokens;
    private final int generated;
    private int started;
    private int ended;
    private int finished;
    private long tokens;
    private final double[] pumpMicros;
    private int pumps;

    EngineRun(Engine engine, int batch, int promptTokens, int generated) {
        this.engine = engine;
        this.batch = batch;
        this.promptTokens = promptTokens;
        this.generated = generated;
        pumpMicros = new double[2 * generated + 16];        // a pump a step, and a few without one
    }

    /// An engine's limits for runs of up to `batch` sequences of `length` tokens.
    static EngineConfig config(int batch, int length) {
        int blocks = batch * Math.ceilDiv(length + 1, 16) + 16;
        return new EngineConfig(batch, Math.max(PREFILL_ROWS, batch), PREFILL_ROWS, 16, blocks, 2, false);
    }

    /// @param decodeSteps steps after the prefill
    /// @param decodeUsage by all of them
    /// @param pumpMicros  what the engine's owner took to commit a step and to plan the next one: the first `pumps` of
    ///                    them
    record Times(double prefillSeconds, double decodeSeconds, long decodeTokens, long decodeSteps,
            Machine.Usage decodeUsage, double[] pumpMicros, int pumps) {
        /// The median: what it takes where the owner keeps its core.
        double schedulingMicros() {
            return Spread.of(Arrays.copyOf(pumpMicros, pumps)).p50();
        }
    }

    /// @param decodeBegins called between prefill and decode
    Times measure(int vocabulary, long seed, Runnable decodeBegins) {
        var random = new Random(seed);
        for (int i = 0; i < batch; i++) {
            int[] prompt = random.ints(promptTokens, 0, vocabulary).toArray();
            engine.admit(SequenceRequest.of(prompt, SamplingParams.greedy(), generated, TokenSet.EMPTY));
        }
        long start = System.nanoTime();
        while (started < batch && ended == 0) {
            step();
        }
        long middle = System.nanoTime();
        long atMiddle = tokens;
        long stepsAtMiddle = engine.status().steps();
        pumps = 0;
        decodeBegins.run();
        var before = Machine.usage();
        long begin = System.nanoTime();
        while (ended < batch) {
            step();
        }
        long end = System.nanoTime();
        var usage = before.untilNow();
        if (finished != batch) {
            throw new IllegalStateException(finished + " of " + batch + " sequences finished");
        }
        return new Times((middle - start) * 1e-9, (end - begin) * 1e-9, tokens - atMiddle,
                engine.status().steps() - stepsAtMiddle, usage, pumpMicros, pumps);
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
    public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
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
