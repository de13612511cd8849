package dev.flover.topology.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BacklogTest {
    private static final long SECOND = 1_000_000_000;

    private final Backlog backlog = new Backlog();

    @Test
    void nothingIsKnownBeforeARateIsAndAnEmptyBacklogTakesNoTime() {
        backlog.look(0, 0, 0, 10, 0);
        assertThat(backlog.seconds()).isZero();
        assertThat(backlog.tokens()).isEqualTo(10);

        backlog.look(SECOND, 100, 1, 0, 0);
        assertThat(backlog.tokens()).isZero();
        assertThat(backlog.seconds()).isZero();
    }

    @Test
    void atASteadyRateItIsTheOpenRequestsTimesTheirLengthByTheRate() {
        for (int second = 0; second <= 60; second++) {
            backlog.look(second * SECOND, 200L * second, 4L * second, 40, 8);
        }
        assertThat(backlog.tokens()).isCloseTo((40 + 4) * 50, within(1e-6));
        assertThat(backlog.seconds()).isCloseTo((40 + 4) * 50 / 200.0, within(1e-6));
    }

    @Test
    void anIdleTimeDoesNotLowerTheRate() {
        for (int second = 0; second <= 10; second++) {
            backlog.look(second * SECOND, 200L * second, 4L * second, 0, 0);
        }
        for (int second = 11; second <= 600; second++) {
            backlog.look(second * SECOND, 2000, 40, 0, 0);
        }
        backlog.look(601 * SECOND, 2000, 40, 40, 0);
        assertThat(backlog.seconds()).isCloseTo(40 * 50 / 200.0, within(1e-6));
    }
}
