package dev.flover.engine.backend.ranks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailingRankTest {
    private static final EngineConfig CONFIG = EngineConfig.of(2, 16).withBlockTokens(8).withKvBlocks(16);
    private static final SequenceRequest REQUEST = SequenceRequest.of(
            new int[] {5, 6, 7}, SamplingParams.sampled(1, 3), 20, TokenSet.EMPTY);

    private final Model model = TinyModels.llama(5, TensorType.F32);

    @ParameterizedTest
    @CsvSource({"0, attention, 11", "1, attention, 11", "1, join, 9", "1, takeDraws, 5", "0, sample, 5", "1, begin, 7"})
    void aRankThatFailsFailsTheStepAndNoTokenIsWrongOrLost(int rank, String operation, int after) {
        var expected = new Tokens();
        run(group(new ReferenceBackend(), new ReferenceBackend()), REQUEST, expected);
        assertThat(expected.ids).hasSize(20);

        var before = new Tokens();
        var calls = new AtomicInteger();
        var failing = before(operation, () -> {
            if (calls.getAndIncrement() == after) {
                throw new IllegalStateException("the device is lost");
            }
        });
        var group = rank == 0 ? group(failing, new ReferenceBackend()) : group(new ReferenceBackend(), failing);
        assertThatThrownBy(() -> run(group, REQUEST, before)).isInstanceOf(EngineException.class)
                .hasMessageMatching("step \\d+ failed: rank " + rank + " of 2 failed: .*the device is lost");
        assertThat(before.ids).hasSizeLessThan(20).isEqualTo(expected.ids.subList(0, before.ids.size()));

        var after20 = new Tokens();
        run(group(new ReferenceBackend(), new ReferenceBackend()), REQUEST.withGeneratedIds(
                before.ids.stream().mapToInt(Integer::intValue).toArray()), after20);
        before.ids.addAll(after20.ids);
        assertThat(before.ids).isEqualTo(expected.ids);
    }

    @Test
    void ranksWaitForOneThatIsLate() throws InterruptedException {
        var expected = new Tokens();
        run(group(new ReferenceBackend(), new ReferenceBackend()), REQUEST, expected);
        var reached = new CountDownLatch(1);
        var mayGoOn = new CountDownLatch(1);
        var late = before("attention", () -> {
            reached.countDown();
            mayGoOn.await();
        });
        var found = new Tokens();
        try (var engine = Engine.start(model, group(new ReferenceBackend(), late), CONFIG)) {
            engine.admit(REQUEST);
            engine.pump(found);
            reached.await();
            engine.pump(found);
            assertThat(found.ids).isEmpty();
            mayGoOn.countDown();
            while (engine.step(found)) {
                // until the sequence has ended
            }
        }
        assertThat(found.ids).isEqualTo(expected.ids);
    }

    private void run(ShardedBackend group, SequenceRequest request, Tokens tokens) {
        try (var engine = Engine.start(model, group, CONFIG)) {
            engine.admit(request);
            while (engine.step(tokens)) {
                // until the sequence has ended
            }
        }
    }

    private static ShardedBackend group(Backend... backends) {
        return new ShardedBackend(List.of(backends), null);
    }

    private interface Intrusion {
        void run() throws InterruptedException;
    }

    /// A reference backend that does something else before each call of one operation.
    private static Backend before(String operation, Intrusion intrusion) {
        var backend = new ReferenceBackend();
        return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (_, method, arguments) -> {
                    if (method.getName().equals(operation)) {
                        intrusion.run();
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static final class Tokens implements TokenSink {
        final List<Integer> ids = new ArrayList<>();

        @Override
        public void token(long sequence, int index, int id, float logprob, TopLogprobs alternatives) {
            ids.add(id);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            assertThat(reason).isEqualTo(FinishReason.LENGTH);
        }
    }
}
