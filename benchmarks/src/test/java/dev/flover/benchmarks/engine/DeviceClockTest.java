package dev.flover.benchmarks.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.Backend.Timeline;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceClockTest {
    private final Map<Integer, Double> marks = new HashMap<>();
    private double now;

    private final DeviceClock clock = new DeviceClock(new Timeline() {
        @Override
        public void mark(int mark) {
            marks.put(mark, now);
        }

        @Override
        public double microsecondsBetween(int earlier, int later) {
            return marks.get(later) - marks.get(earlier);
        }
    });

    @Test
    void busyAndIdleTimeAreThoseBetweenTheMarksOfStepsThatOverlapOnTheHost() {
        step(10);
        now += 3;
        step(20);
        clock.endStep();
        for (int i = 0; i < 20; i++) {
            now += 5;
            step(30);
            clock.endStep();
        }
        clock.endStep();
        var times = clock.times();
        assertThat(times.busy()).isEqualTo((10 + 20 + 20 * 30) / 22.0);
        assertThat(times.idle()).isEqualTo((3 + 20 * 5) / 21.0);
        assertThat(times.host()).isNotNegative();
    }

    @Test
    void whatBeganBeforeAResetDoesNotCount() {
        step(10);
        clock.reset();
        now += 100;
        step(20);
        clock.endStep();
        clock.endStep();
        assertThat(clock.times().busy()).isEqualTo(20);
        assertThat(clock.times().idle()).isZero();
    }

    @Test
    void aStepThatIsNotWantedDoesNotCountNorDoesTheTimeBesideIt() {
        step(10);
        clock.endStep();
        now += 7;
        clock.beginStep(false);
        now += 50;
        clock.launched();
        clock.endStep();
        now += 9;
        step(20);
        clock.endStep();
        now += 3;
        step(30);
        clock.endStep();
        assertThat(clock.times().busy()).isEqualTo(20);
        assertThat(clock.times().idle()).isEqualTo(3);
    }

    @Test
    void eachVerbIsTimedFromTheOneBeforeThoughTheNextStepHasBegun() {
        var nanos = new ArrayList<Long>();
        clock.timeVerbs(true);
        for (int step = 0; step < 3; step++) {
            clock.beginStep(true);
            for (int verb = 1; verb <= 3; verb++) {
                now += verb + 10 * step;
                clock.verb(nanos::add);
            }
            clock.launched();
            if (step > 0) {
                clock.endStep();
            }
        }
        clock.endStep();
        assertThat(nanos).isEqualTo(List.of(
                1000L, 2000L, 3000L, 11000L, 12000L, 13000L, 21000L, 22000L, 23000L));
    }

    private void step(double busyUs) {
        clock.beginStep(true);
        now += busyUs;
        clock.launched();
    }
}
