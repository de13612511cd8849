package dev.flover.benchmarks.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.benchmarks.delivery.Disturbances.Count;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DisturbancesTest {
    private static final int PLACES = 3;
    private static final int MOVES = 40;

    @Test
    void asManyComeAsWereAskedForAndTheSeedSaysInWhichOrder() {
        var drawn = walk(5);

        assertThat(drawn).isEqualTo(walk(5)).isNotEqualTo(walk(6)).hasSize(60);
        assertThat(Collections.frequency(drawn, Disturbance.KILL)).isEqualTo(10);
        assertThat(Collections.frequency(drawn, Disturbance.PAUSE)).isEqualTo(4);
        assertThat(Collections.frequency(drawn, Disturbance.RESTART)).isEqualTo(6);
    }

    @Test
    void movesLeadFromOneInstanceToAllAndBack() {
        var counts = new EnumMap<Disturbance, Integer>(Disturbance.class);
        int present = 1;
        boolean wasFull = false;
        boolean wasOneAgain = false;
        for (var kind : walk(7)) {
            counts.merge(kind, 1, Integer::sum);
            present += change(kind);
            assertThat(present).isBetween(1, PLACES);
            wasFull |= present == PLACES;
            wasOneAgain |= wasFull && present == 1;
        }
        assertThat(wasOneAgain).isTrue();
        assertThat(counts).containsKeys(Disturbance.LOSS, Disturbance.LEAVE);
        assertThat(counts.get(Disturbance.JOIN) + counts.get(Disturbance.LOSS) + counts.get(Disturbance.LEAVE))
                .isEqualTo(MOVES);
    }

    private static List<Disturbance> walk(long seed) {
        var disturbances = new Disturbances(new Count(10, 4, 6, MOVES, 0), new Random(seed));
        var drawn = new ArrayList<Disturbance>();
        int present = 1;
        while (!disturbances.areMadeUp()) {
            var kind = disturbances.next(present, PLACES);
            present += change(kind);
            drawn.add(kind);
        }
        return drawn;
    }

    private static int change(Disturbance kind) {
        return Map.of(Disturbance.JOIN, 1, Disturbance.LEAVE, -1, Disturbance.LOSS, -1).getOrDefault(kind, 0);
    }

    @Test
    void everyAimComesInEachRound() {
        var disturbances = new Disturbances(new Count(1, 0, 0, 0, 0), new Random(1));
        assertThat(disturbances.nextAim()).isEqualTo(Aim.AT_END);
        for (int round = 0; round < 3; round++) {
            var aims = new ArrayList<Aim>();
            for (int i = 0; i < Aim.values().length; i++) {
                aims.add(disturbances.nextAim());
            }
            assertThat(aims).containsExactlyInAnyOrder(Aim.values());
        }
    }
}
