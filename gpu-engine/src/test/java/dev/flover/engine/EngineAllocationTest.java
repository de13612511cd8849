package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.IdleBackend;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EngineAllocationTest {
    private static final int CONTEXT = 8192;
    private static final int SEQUENCES = 64;

    /// The number of measurements, of which the smallest counts: a JIT compiler may allocate a few bytes during one of
    /// them, but a step that allocates does so in all of them.
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
        var config = EngineConfig.of(SEQUENCES, 128).withPrefillChunk(64).withKvBlocks(SEQUENCES * CONTEXT / 16);
        try (var model = TinyModels.withContext(TinyModels.llama(3, TensorType.F32), CONTEXT);
                var engine = Engine.start(model, new IdleBackend(), config)) {
            engine.recordTo(new StepTrace(1 << 17));
            for (int i = 0; i < SEQUENCES; i++) {
                boolean greedy = i % 2 == 0; // a greedy sequence has stop ids, but never draws them
                engine.admit(SequenceRequest.of(
                        new int[] {i, i + 1, i + 2},
                        greedy ? SamplingParams.greedy() : SamplingParams.sampled(0.7f, i), CONTEXT,
                        greedy ? TokenSet.of(90, 91) : TokenSet.EMPTY));
            }
            turn(engine, SEQUENCES, 4000); // enough steps for the JIT compilers to finish

            long owner = Thread.currentThread().threadId();
            long runner = stepThread();
            threads.getThreadAllocatedBytes(owner); // the first call of this method allocates
            long leastByOwner = Long.MAX_VALUE;
            long leastByRunner = Long.MAX_VALUE;
            for (int window = 0; window < WINDOWS; window++) {
                long runnerBefore = threads.getThreadAllocatedBytes(runner);
                long ownerBefore = threads.getThreadAllocatedBytes(owner);
                turn(engine, SEQUENCES, 200);
                leastByOwner = Math.min(leastByOwner, threads.getThreadAllocatedBytes(owner) - ownerBefore);
                leastByRunner = Math.min(leastByRunner, threads.getThreadAllocatedBytes(runner) - runnerBefore);
            }

            assertThat(leastByOwner).as("bytes on the owner's thread in 200 steps").isZero();
            assertThat(leastByRunner).as("bytes on the step thread in 200 steps").isZero();
        }
    }

    /// Runs on compiled kernels only, because vectors of the Vector API are objects until their callers are compiled.
    /// The tables of rotary angles grow every 256 positions, which most measurements do not contain.
    @ParameterizedTest
    @EnumSource(value = TensorType.class, names = {"F32", "Q8_0"})
    void theSteadyDecodeLoopAllocatesNothingOnCompiledKernels(TensorType type) {
        var backend = Backends.open("cpu", 2);
        Assumptions.assumeFalse(backend.name().equals("cpu-java"), "this build has no compiled kernels");
        var config = EngineConfig.of(4, 128).withPrefillChunk(64).withKvBlocks(4 * 4096 / 16);
        try (var model = TinyModels.withContext(TinyModels.llama(3, type), 4096);
                var engine = Engine.start(model, backend, config)) {
            for (int i = 0; i < 4; i++) {
                engine.admit(SequenceRequest.of(new int[] {i, i + 1, i + 2},
                        i % 2 == 0 ? SamplingParams.greedy() : filtered(i), 4096, TokenSet.EMPTY));
            }
            turn(engine, 4, 1500);

            long[] all = stepThreads(backend.name());
            long least = Long.MAX_VALUE;
            for (int window = 0; window < WINDOWS; window++) {
                long before = allocatedBy(all);
                turn(engine, 4, 100);
                least = Math.min(least, allocatedBy(all) - before);
            }

            assertThat(least).as("bytes in 100 steps").isZero();
        }
    }

    private static SamplingParams filtered(long seed) {
        return SamplingParams.sampled(0.9f, seed).with(s -> s.repetitionPenalty(1.1f).presencePenalty(0.1f)
                .frequencyPenalty(0.1f).topK(30).topP(0.95f).minP(0.01f));
    }

    /// The ids of the thread that runs the steps and of the backend's worker threads.
    private static long[] stepThreads(String backend) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("flover-steps") || thread.getName().startsWith(backend + "-"))
                .mapToLong(Thread::threadId).toArray();
    }

    private long allocatedBy(long[] ids) {
        long bytes = 0;
        for (long id : ids) {
            bytes += threads.getThreadAllocatedBytes(id);
        }
        return bytes;
    }

    /// Runs this many steps, counted by their tokens rather than by calls: if the owner's thread was descheduled, one
    /// call can process the results of two steps, and a count of calls would let the sequences end before the
    /// measurement does.
    private void turn(Engine engine, int sequences, int steps) {
        long until = tokens + (long) sequences * steps;
        while (tokens < until) {
            engine.step(counting);
        }
    }

    private static long stepThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("flover-steps"))
                .mapToLong(Thread::threadId).max().orElseThrow();
    }
}
