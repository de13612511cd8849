package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.StepPlan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class SlotMapProperties {
    private static final class Occupant {
        private int slot;
    }

    @Property(tries = 400, seed = "20260722")
    void noFewerMovesCouldLeaveRoomForOneDenseRange(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int slots) {
        var random = new Random(seed);
        var map = new SlotMap<Occupant>(slots);
        var occupants = new ArrayList<Occupant>();
        place(map, occupants, slots, slots);
        int occupied = (1 << slots) - 1;
        for (int slot = 0; slot < slots; slot++) {
            if (random.nextBoolean()) {
                map.release(slot);
                occupied &= ~(1 << slot);
            }
        }
        int live = Integer.bitCount(occupied);
        int joining = random.nextInt(slots - live + 1);
        var before = new Occupant[slots];
        for (int slot = 0; slot < slots; slot++) {
            before[slot] = map.at(slot);
        }

        var plan = new StepPlan(slots, slots);
        int moves = map.compact(joining, (occupant, from, to) -> {
            plan.moveSlot(from, to);
            occupant.slot = to;
        });

        assertThat(moves).isEqualTo(plan.moves()).isEqualTo(fewestMoves(occupied, live + joining, slots));
        for (int i = 0; i < plan.moves(); i++) {
            assertThat(before[plan.moveTo[i]]).as("a move goes to a free slot").isNull();
            before[plan.moveTo[i]] = before[plan.moveFrom[i]];
            before[plan.moveFrom[i]] = null;
        }
        for (int slot = 0; slot < slots; slot++) {
            assertThat(map.at(slot)).as("the plan's moves lead to the map").isSameAs(before[slot]);
        }
        place(map, occupants, joining, slots);
        assertThat(map.live()).isEqualTo(live + joining);
        assertThat(isDense(map, slots)).isTrue();
        for (int slot = 0; slot < slots; slot++) {
            assertThat(map.at(slot) == null || map.at(slot).slot == slot).isTrue();
        }
    }

    private static void place(SlotMap<Occupant> map, ArrayList<Occupant> occupants, int count, int slots) {
        if (occupants.isEmpty()) {
            map.compact(count, (occupant, from, to) -> { });
        }
        for (int i = 0; i < count; i++) {
            occupants.add(new Occupant());
            occupants.getLast().slot = map.place(occupants.getLast());
        }
    }

    private static boolean isDense(SlotMap<Occupant> map, int slots) {
        int changes = 0;
        for (int slot = 0; slot < slots; slot++) {
            boolean previous = slot > 0 && map.at(slot - 1) != null;
            changes += (map.at(slot) != null) != previous ? 1 : 0;
        }
        return changes <= 2;
    }

    /// The fewest moves to a dense range, found by breadth-first search over all sets of occupied slots.
    private static int fewestMoves(int occupied, int width, int slots) {
        Map<Integer, Integer> distance = new HashMap<>(Map.of(occupied, 0));
        var queue = new ArrayDeque<Integer>();
        queue.add(occupied);
        while (!queue.isEmpty()) {
            int set = queue.remove();
            if (fits(set, width, slots)) {
                return distance.get(set);
            }
            for (int from = 0; from < slots; from++) {
                for (int to = 0; to < slots; to++) {
                    if ((set & 1 << from) != 0 && (set & 1 << to) == 0) {
                        int next = set & ~(1 << from) | 1 << to;
                        if (distance.putIfAbsent(next, distance.get(set) + 1) == null) {
                            queue.add(next);
                        }
                    }
                }
            }
        }
        throw new AssertionError("no arrangement fits " + Integer.toBinaryString(occupied));
    }

    private static boolean fits(int set, int width, int slots) {
        for (int start = 0; start + width <= slots; start++) {
            if ((set & ~((1 << width) - 1 << start)) == 0) {
                return true;
            }
        }
        return false;
    }
}
