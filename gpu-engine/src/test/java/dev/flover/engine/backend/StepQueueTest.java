package dev.flover.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.api.EngineException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StepQueueTest {
    private final StepPlan first = new StepPlan(1, 1);
    private final StepPlan second = new StepPlan(1, 1);

    @Test
    void stepsRunInOrderAndTheOwnerSeesTheirResults() {
        List<StepPlan> ran = Collections.synchronizedList(new ArrayList<>());
        try (var queue = new StepQueue(2, plan -> {
            plan.sampledTokens[0]++;
            ran.add(plan);
        })) {
            for (int step = 0; step < 10_000; step += 2) {
                queue.submit(first);
                queue.submit(second);
                queue.await(step + 2);
                assertThat(first.sampledTokens[0]).isEqualTo(step / 2 + 1);
                assertThat(second.sampledTokens[0]).isEqualTo(step / 2 + 1);
            }
        }
        assertThat(ran).hasSize(10_000);
        for (int i = 0; i < ran.size(); i++) {
            assertThat(ran.get(i)).isSameAs(i % 2 == 0 ? first : second);
        }
    }

    @Test
    void lookingAtWhatHasEndedDoesNotWait() throws InterruptedException {
        var mayRun = new CountDownLatch(1);
        var woken = new CountDownLatch(1);
        try (var queue = new StepQueue(2, plan -> awaitQuietly(mayRun))) {
            queue.onStepEnd(woken::countDown);
            queue.submit(first);
            assertThat(queue.ended()).isZero();
            mayRun.countDown();
            woken.await();
            assertThat(queue.ended()).isEqualTo(1);
        }
    }

    @Test
    void aFailureReachesTheOwnerWithItsCauseAndNothingRunsAfterIt() {
        var ran = new AtomicInteger();
        var cause = new IllegalStateException("the device is gone");
        try (var queue = new StepQueue(2, plan -> {
            ran.incrementAndGet();
            throw cause;
        })) {
            queue.submit(first);
            queue.submit(second);
            assertThatThrownBy(() -> queue.await(1)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("step 1").hasMessageContaining("the device is gone").hasCause(cause);
            assertThatThrownBy(queue::ended).isInstanceOf(EngineException.class);
        }
        assertThat(ran).hasValue(1);
    }

    @Test
    void closingWaitsForTheStepBeingComputedAndDropsTheNext() throws InterruptedException {
        var started = new CountDownLatch(1);
        var mayEnd = new CountDownLatch(1);
        var ran = new AtomicInteger();
        var queue = new StepQueue(2, plan -> {
            started.countDown();
            awaitQuietly(mayEnd);
            ran.incrementAndGet();
        });
        queue.submit(first);
        queue.submit(second);
        started.await();
        var closer = Thread.ofPlatform().start(queue::close);
        while (closer.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        assertThat(ran).hasValue(0);
        mayEnd.countDown();
        closer.join();
        assertThat(ran).hasValue(1);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
