package dev.flover.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class HostSlotsTest {
    private static final int BLOCKS = 5000;

    @Test
    void aBlockTableKeepsItsEntriesWhenItGrowsAndWhenItsSlotMoves() {
        var shape = BackendCacheShapeBuilder.builder().layers(1).heads(1).kvHeads(1).headDim(64).vocabulary(2)
                .blocks(BLOCKS).blockTokens(1).slots(3).contextLength(BLOCKS).build();
        var slots = new HostSlots(shape, (table, block) -> block + 7, Arena.ofAuto());
        var plan = new StepPlan(3, 3);
        for (int index = 0; index < BLOCKS; index++) {
            plan.clear();
            plan.setBlock(0, index, 2 * index);
            plan.setBlock(2, BLOCKS - 1 - index, index);
            slots.apply(plan);
        }
        plan.clear();
        plan.moveSlot(0, 1);
        slots.apply(plan);

        for (int index = 0; index < BLOCKS; index++) {
            assertThat(slots.block(0, 1, index)).isEqualTo(2 * index + 7);
            assertThat(slots.block(0, 2, BLOCKS - 1 - index)).isEqualTo(index + 7);
            assertThat(slots.blockTable(0, 1).getAtIndex(ValueLayout.JAVA_INT, index)).isEqualTo(2 * index + 7);
        }
    }
}
