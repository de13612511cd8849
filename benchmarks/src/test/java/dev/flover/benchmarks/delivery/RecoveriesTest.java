package dev.flover.benchmarks.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecoveriesTest {
    private static final long MILLI = 1_000_000;

    private final Recoveries recoveries = new Recoveries();

    @BeforeEach
    void twoAreLive() {
        recoveries.sent("a");
        recoveries.sent("b");
        recoveries.sent("ended");
        recoveries.committed("ended", true, 90, 0);
    }

    @Test
    void theSlowestOfTheLiveGenerationsCounts() {
        recoveries.begin(Disturbance.KILL, 100 * MILLI, 100);
        recoveries.sent("later");
        recoveries.committed("a", false, 150, 151 * MILLI);
        assertThat(recoveries.millis()).isEmpty();
        recoveries.committed("b", false, 170, 175 * MILLI);
        recoveries.committed("b", false, 180, 185 * MILLI);

        assertThat(recoveries.millis()).isEqualTo(Map.of(Disturbance.KILL, List.of(75L)));
    }

    @Test
    void whatWasWrittenBeforeIsNoSignOfRecovery() {
        recoveries.begin(Disturbance.LOSS, 100 * MILLI, 100);
        recoveries.committed("a", false, 99, 101 * MILLI);
        recoveries.committed("b", false, 150, 151 * MILLI);
        assertThat(recoveries.millis()).isEmpty();
        recoveries.committed("a", true, 99, 160 * MILLI);       // no further token comes

        assertThat(recoveries.millis()).isEqualTo(Map.of(Disturbance.LOSS, List.of(60L)));
    }

    @Test
    void aDisturbanceThatIsFollowedByAnotherIsNotCounted() {
        recoveries.begin(Disturbance.KILL, 100 * MILLI, 100);
        recoveries.begin(Disturbance.PAUSE, 110 * MILLI, 110);
        recoveries.committed("a", false, 150, 151 * MILLI);
        recoveries.committed("b", false, 150, 152 * MILLI);
        recoveries.begin(Disturbance.KILL, 200 * MILLI, 200);
        recoveries.begin(Disturbance.JOIN, 210 * MILLI, 210);
        recoveries.committed("a", false, 250, 251 * MILLI);
        recoveries.committed("b", false, 250, 251 * MILLI);

        assertThat(recoveries.millis()).isEqualTo(Map.of(Disturbance.PAUSE, List.of(42L)));
    }
}
