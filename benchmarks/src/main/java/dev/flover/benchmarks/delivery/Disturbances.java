package dev.flover.benchmarks.delivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;

/// The sequence of disturbances of a run, drawn from a seed.
///
/// Moves lead from one instance to all instances and back to one, repeatedly. Half of the instances that go are lost by
/// a kill, the others leave in order.
final class Disturbances {
    private final Count count;
    private final Random random;
    private final Deque<Disturbance> left = new ArrayDeque<>();
    private final Deque<Aim> aims = new ArrayDeque<>();
    private boolean growing = true;

    /// @param moves   number of joins, losses and leaves together
    /// @param weather number of disturbances of the services around the pipeline
    record Count(int kills, int pauses, int restarts, int moves, int weather) {
        int total() {
            return kills + pauses + restarts + moves + weather;
        }
    }

    Disturbances(Count count, Random random) {
        this.count = count;
        this.random = random;
        var all = new ArrayList<Disturbance>();
        all.addAll(Collections.nCopies(count.kills(), Disturbance.KILL));
        all.addAll(Collections.nCopies(count.pauses(), Disturbance.PAUSE));
        all.addAll(Collections.nCopies(count.restarts(), Disturbance.RESTART));
        all.addAll(Collections.nCopies(count.moves(), Disturbance.JOIN));
        all.addAll(Collections.nCopies(count.weather(), Disturbance.WEATHER));
        Collections.shuffle(all, random);
        left.addAll(all);
        // Only the first process follows no crash and so takes no precautions: it is killed at a generation's end.
        aims.add(Aim.AT_END);
    }

    int total() {
        return count.total();
    }

    /// Returns the kinds of disturbance that may come.
    Set<Disturbance> kinds() {
        var kinds = EnumSet.noneOf(Disturbance.class);
        kinds.addAll(left);
        if (count.moves() > 0) {
            kinds.addAll(EnumSet.of(Disturbance.JOIN, Disturbance.LEAVE, Disturbance.LOSS));
        }
        return kinds;
    }

    boolean areMadeUp() {
        return left.isEmpty();
    }

    /// @param present number of instances that take part
    /// @param places  the most instances
    Disturbance next(int present, int places) {
        var next = left.remove();
        if (next != Disturbance.JOIN) {
            return next;
        }
        growing = present == 1 || growing && present < places;
        if (growing) {
            return Disturbance.JOIN;
        }
        return random.nextBoolean() ? Disturbance.LEAVE : Disturbance.LOSS;
    }

    Aim nextAim() {
        if (aims.isEmpty()) {
            var round = new ArrayList<>(Arrays.asList(Aim.values()));
            Collections.shuffle(round, random);
            aims.addAll(round);
        }
        return aims.remove();
    }
}
