package dev.flover.topology.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StepSignalTest {
    private static final Duration TICK = Duration.ofMillis(1);

    private final StepSignal signal = new StepSignal();

    @Test
    void aSleepEndsWithTheStep() throws InterruptedException {
        var ended = sleep(Duration.ofHours(1));

        signal.stepEnded();

        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aStepThatEndedBeforeTheSleepIsNotMissed() throws InterruptedException {
        signal.stepEnded();

        assertThat(sleep(Duration.ofHours(1)).await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aStepThatWasTakenIsNoReasonToWake() throws InterruptedException {
        signal.stepEnded();
        signal.taking();

        var ended = sleep(Duration.ofHours(1));

        assertThat(ended.await(50, TimeUnit.MILLISECONDS)).isFalse();
        signal.stepEnded();
        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aSleepHasALimit() throws InterruptedException {
        assertThat(sleep(Duration.ofMillis(1)).await(20, TimeUnit.SECONDS)).isTrue();
    }

    private CountDownLatch sleep(Duration limit) {
        var ended = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            signal.await(limit, TICK);
            ended.countDown();
        });
        return ended;
    }
}
