package dev.flover.app.bench.topics;

import dev.flover.engine.Engine;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import java.util.Arrays;
import java.util.List;

/// The same sequences without Kafka: an engine whose owner does nothing but turn the crank.
final class BareEngine implements TokenSink, AutoCloseable {
    private static final int PREFILLS = 5;

    private final Engine engine;
    private long tokens;

    BareEngine(Engine engine) {
        this.engine = engine;
    }

    /// All at once, to the last token.
    double tokensPerSecond(List<SequenceRequest> sequences) {
        tokens = 0;
        long begin = System.nanoTime();
        sequences.forEach(engine::admit);
        while (engine.step(this)) {
            // until every sequence has ended
        }
        return tokens * 1e9 / (System.nanoTime() - begin);
    }

    /// From admission to the first token, of sequences one after the other; the median.
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
                // until what was in flight has ended
            }
        }
        Arrays.sort(times);
        return times[times.length / 2];
    }

    @Override
    public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
        tokens++;
    }

    @Override
    public void finished(long sequence, FinishReason reason) {}

    @Override
    public void close() {
        engine.close();
    }
}
