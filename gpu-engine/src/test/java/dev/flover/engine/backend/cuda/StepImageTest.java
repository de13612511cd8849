package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.weights.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepImageTest {
    private static final int BUDGET = 64;
    private static final CacheShape SHAPE = BackendCacheShapeBuilder.builder().layers(1).heads(8).kvHeads(2)
            .headDim(16).vocabulary(50).blocks(8).blockTokens(16).slots(4).contextLength(4096).latent(0).build();

    private static final int[] NO_MASKS = new int[StepPlan.mostSamples(4)];
    private static final int WORDS = (int) StepImage.bytes(BUDGET, StepPlan.mostSamples(4)) / 4;

    private final MemorySegment memory = MemorySegment.ofArray(new int[WORDS]);

    @Test
    void slicesAreCutIntoTilesOfQueriesThatShareKeys() {
        var plan = new StepPlan(BUDGET, 4);
        slice(plan, 0, 100, 6);
        slice(plan, 2, 700, 1);
        encode(plan, 100);
        // a tile of 16 queries holds four rows of the four query heads that share a key head
        assertThat(array(5)).containsExactly(0, 4, 6);
        assertThat(array(6)).containsExactly(4, 2, 1);
        // one work item each, except for the row at position 700: its three splits are computed by different blocks
        assertThat(array(7)).containsExactly(0, 1, 2, 5);
        assertThat(array(8)).containsExactly(-1, -1, 0);
        assertThat(word(3)).isEqualTo(5);
    }

    @Test
    void whatFindsNoScratchIsComputedByOneBlock() {
        var plan = new StepPlan(BUDGET, 4);
        for (int slot = 0; slot < 4; slot++) {
            slice(plan, slot, 256 * (slot + 1), 1);
        }
        encode(plan, 6);
        assertThat(array(8)).containsExactly(0, 2, -1, -1);
        assertThat(array(7)).containsExactly(0, 2, 5, 6, 7);
    }

    @Test
    void movesOfSlotsChangeHomesAlone() {
        try (var driver = EmulatedBackends.driver()) {
            var cache = new CudaCache(driver, SHAPE, Storage.F32);
            var plan = new StepPlan(BUDGET, 4);
            plan.moveSlot(3, 0);
            plan.moveSlot(2, 1);
            slice(plan, 0, 5, 1);
            slice(plan, 1, 6, 2);
            plan.sampleLastRow();
            cache.move(plan);
            new StepImage(memory, BUDGET, 3).encode(plan, cache, 0x1234_5678_9ABCL, 10, NO_MASKS);
            assertThat(array(2)).containsExactly(3, 2, 2);
            assertThat(array(3)).containsExactly(2);
            assertThat(array(4)).containsExactly(2);
            assertThat(array(12).subList(0, 1)).as("its mask").containsExactly(0);
            assertThat(word(6)).as("places of three rows").isEqualTo(9);
            assertThat(word(4)).isEqualTo(0x5678_9ABC);
            assertThat(word(5)).isEqualTo(0x1234);
        }
    }

    @Test
    void theLargestPlanFits() {
        var plan = new StepPlan(BUDGET, 4);
        for (int slot = 0; slot < 4; slot++) {
            slice(plan, slot, 2000, BUDGET / 4);
            plan.sampleLastRow();
        }
        assertThat(encode(plan, 1000)).isLessThanOrEqualTo(memory.byteSize());
    }

    private static void slice(StepPlan plan, int slot, int position, int rows) {
        plan.beginSlice(slot);
        for (int i = 0; i < rows; i++) {
            plan.addRow(i, position + i);
        }
    }

    private long encode(StepPlan plan, int scratch) {
        try (var driver = EmulatedBackends.driver()) {
            var cache = new CudaCache(driver, SHAPE, Storage.F32);
            return new StepImage(memory, BUDGET, 3).encode(plan, cache, 0, scratch, NO_MASKS);
        }
    }

    private int word(int index) {
        return memory.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    /// The plan's array of a number, whose length follows from the number of rows, samples or tiles.
    private List<Integer> array(int which) {
        int count = which < 3 ? word(0) : which < 5 ? word(1) : which == 7 ? word(2) + 1 : word(2);
        var values = new ArrayList<Integer>();
        for (int i = 0; i < count; i++) {
            values.add(word(word(8 + which) + i));
        }
        return values;
    }
}
