package dev.flover.benchmarks.topics;

import dev.flover.engine.Engine;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An engine alone, without Kafka, whose owner thread does nothing but compute steps.
final class BareEngine implements TokenSink, AutoCloseable {
    private static final int PREFILLS = 5;

    private final Engine engine;
    private long tokens;

    BareEngine(Engine engine) {
        this.engine = engine;
    }

    /// Admits all sequences at once, computes them to their last tokens, and returns tokens per second.
    double tokensPerSecond(List<SequenceRequest> sequences) {
        tokens = 0;
        long begin = System.nanoTime();
        sequences.forEach(engine::admit);
        while (engine.step(this)) {
            // the loop ends with the last sequence
        }
        return tokens * 1e9 / (System.nanoTime() - begin);
    }

    /// Returns the median time from admission to the first token, in ms, of sequences that are computed one after the
    /// other.
    double prefillMs(List<SequenceRequest> sequences) {
        double[] times = new double[Math.min(PREFILLS, sequences.size())];
        for (int i = 0; i < times.length; i++) {
            tokens = 0;
            long begin = System.nanoTime();
            long sequence = engine.admit(sequences.get(i));
            while (tokens == 0) {
                engine.step(this);
            }
            times[i] = (System.nanoTime() - begin) / 1e6;
            engine.cancel(sequence);
            while (engine.step(this)) {
                // the loop ends with the steps in flight
            }
        }
        Arrays.sort(times);
        return times[times.length / 2];
    }

    @Override
    public void token(
            long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        tokens++;
    }

    @Override
    public void finished(long sequence, FinishReason reason) {}

    @Override
    public void close() {
        engine.close();
    }
}
