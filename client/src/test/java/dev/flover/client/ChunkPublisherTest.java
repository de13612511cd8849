package dev.flover.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;
import org.testng.annotations.Test;

/// The rules of Reactive Streams for publishers, checked by the test suite of their authors.
class ChunkPublisherTest {
    /// The longest time that the suite waits for what has to happen.
    private static final long WAIT_MS = 30_000;
    /// How long the suite waits to see that something does not happen.
    private static final long QUIET_MS = 25;

    /// A rule whose check sleeps, collects garbage and looks once, so that its result depends on the machine's speed.
    private static final String TIMED = "required_spec313_cancelMustMakeThePublisherEventuallyDropAllReferencesToThe"
            + "Subscriber";

    private static final TokenFeed FEED = Chunks.feed();
    private static final ExecutorService EXECUTOR = Executors.newCachedThreadPool();

    @AfterAll
    static void close() {
        FEED.close();
        EXECUTOR.shutdown();
    }

    @TestFactory
    Stream<DynamicTest> rulesOfReactiveStreams() {
        var rules = Arrays.stream(Rules.class.getMethods()).filter(method -> method.isAnnotationPresent(Test.class))
                .filter(method -> !method.getName().equals(TIMED)).sorted(Comparator.comparing(Method::getName))
                .toList();
        assertThat(rules).hasSizeGreaterThan(30);
        return rules.stream().map(rule -> DynamicTest.dynamicTest(rule.getName(), () -> {
            var verification = new Rules();
            verification.setUp();
            try {
                rule.invoke(verification);
            } catch (InvocationTargetException e) {
                Assumptions.assumeFalse(e.getCause() instanceof SkipException, e.getCause().getMessage());
                throw e.getCause();
            }
        }));
    }

    /// Publishers of as many chunks as the suite asks for.
    public static final class Rules extends FlowPublisherVerification<TokenChunk> {
        public Rules() {
            super(new TestEnvironment(WAIT_MS, QUIET_MS, QUIET_MS, false), WAIT_MS);
        }

        @Override
        public Flow.Publisher<TokenChunk> createFlowPublisher(long chunks) {
            var stream = Chunks.stream(FEED);
            for (int i = 0; i < chunks; i++) {
                var end = i == chunks - 1 ? FinishReason.STOP : null;
                stream.live().offer(new ReadChunk(0, i, Chunks.chunk(i, 1, end)));
            }
            if (chunks == 0) {
                end(stream);
            }
            return new ChunkPublisher(stream, EXECUTOR, new AtomicBoolean());
        }

        /// Reads the terminal chunk, so that the publisher has none left.
        private static void end(AnswerStream stream) {
            stream.live().offer(new ReadChunk(0, 0, Chunks.chunk(0, 0, FinishReason.STOP)));
            try {
                assertThat(stream.poll()).isPresent();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public Flow.Publisher<TokenChunk> createFailedFlowPublisher() {
            var stream = Chunks.stream(FEED);
            stream.live().fail(new GenerationException.Unavailable(Chunks.ID, "closed", null));
            return new ChunkPublisher(stream, EXECUTOR, new AtomicBoolean());
        }

        @Override
        public long maxElementsFromPublisher() {
            return Subscription.MOST_CHUNKS;
        }
    }
}
