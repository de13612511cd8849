package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.IdleBackend;
import dev.flover.engine.format.TensorType;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class EngineAllocationTest {
    private static final int CONTEXT = 8192;
    private static final int SEQUENCES = 64;

    /// Measured one after another: a compiler at work may cost one a few bytes, a step that allocates costs them all.
    private static final int WINDOWS = 10;

    private final com.sun.management.ThreadMXBean threads =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long tokens;

    private final TokenSink counting = new TokenSink() {
        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            tokens++;
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            throw new AssertionError("sequence " + sequence + " ended: " + reason);
        }
    };

    @Test
    void theSteadyDecodeLoopAllocatesNothingOnEitherThread() {
        var config = new EngineConfig(SEQUENCES, 128, 64, 16, SEQUENCES * CONTEXT / 16, 2, true);
        try (var model = TinyModels.withContext(TinyModels.llama(3, TensorType.F32), CONTEXT);
                var engine = Engine.start(model, new IdleBackend(), config)) {
            for (int i = 0; i < SEQUENCES; i++) {
                boolean greedy = i % 2 == 0;        // and so never draws its stop ids
                engine.admit(SequenceRequest.of(
                        new int[] {i, i + 1, i + 2},
                        greedy ? SamplingParams.greedy() : SamplingParams.sampled(0.7f, i), CONTEXT,
                        greedy ? TokenSet.of(90, 91) : TokenSet.EMPTY));
            }
            turn(engine, 4000);         // long enough for the compilers to be done

            long owner = Thread.currentThread().threadId();
            long runner = stepThread();
            threads.getThreadAllocatedBytes(owner);     // the first call allocates
            long tokensBefore = tokens;
            long leastByOwner = Long.MAX_VALUE;
            long leastByRunner = Long.MAX_VALUE;
            for (int window = 0; window < WINDOWS; window++) {
                long runnerBefore = threads.getThreadAllocatedBytes(runner);
                long ownerBefore = threads.getThreadAllocatedBytes(owner);
                turn(engine, 200);
                leastByOwner = Math.min(leastByOwner, threads.getThreadAllocatedBytes(owner) - ownerBefore);
                leastByRunner = Math.min(leastByRunner, threads.getThreadAllocatedBytes(runner) - runnerBefore);
            }

            assertThat(tokens - tokensBefore).isGreaterThanOrEqualTo(199L * WINDOWS * SEQUENCES);
            assertThat(leastByOwner).as("bytes on the owner's thread in 200 steps").isZero();
            assertThat(leastByRunner).as("bytes on the step thread in 200 steps").isZero();
        }
    }

    private void turn(Engine engine, int steps) {
        for (int i = 0; i < steps; i++) {
            engine.step(counting);
        }
    }

    private static long stepThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("flover-steps"))
                .mapToLong(Thread::threadId).max().orElseThrow();
    }
}
