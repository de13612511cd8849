package dev.flover.app.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.page.Verdict.Load;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VerdictTest {
    private static final Load BUSY = new Load(64, 10, 0);
    private static final Load FEW = new Load(3, 0, 0);

    private static String verdict(double device, Map<String, Double> thread, Load load, double preempted) {
        return new Verdict(device, thread, load, preempted).sentence();
    }

    @Test
    void theSentenceNamesTheLargestPartOfTheTimeWithItsShare() {
        assertThat(verdict(0.93, Map.of("commit", 0.05), BUSY, 0))
                .isEqualTo("device-bound: 93 % of the time is the fused step");
        assertThat(verdict(0.5, Map.of("commit", 0.31, "output", 0.1), BUSY, 0))
                .isEqualTo("Kafka-bound: commits take 31 % of the time, steps 50 %");
        assertThat(verdict(0.4, Map.of("commit", 0.05, "output", 0.45), BUSY, 0))
                .isEqualTo("host-bound: steps take 40 % of the time; of the stream thread's work, 'output' takes the "
                        + "most, 45 %");
    }

    @Test
    void withoutWaitingRequestsItSaysThatPromptsAreMissing() {
        assertThat(verdict(0.2, Map.of("commit", 0.02), FEW, 0))
                .isEqualTo("starved: no prompts wait; steps take 20 % of the time");
        assertThat(verdict(0, Map.of(), new Load(0, 0, 0), 0))
                .isEqualTo("idle: no request is computed and none waits");
        assertThat(verdict(0, Map.of(), new Load(0, 0, 4), 0)).startsWith("host-bound");
    }

    @Test
    void preemptionsAreNamedBeforeABusyDevice() {
        assertThat(verdict(0.95, Map.of(), BUSY, 2.5)).startsWith("memory-bound").contains("2.5 sequences a second");
    }
}
