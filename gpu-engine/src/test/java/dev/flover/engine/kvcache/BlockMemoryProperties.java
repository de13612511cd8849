package dev.flover.engine.kvcache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// Random claims of two kinds of blocks, of which several of one kind fit into a slab.
class BlockMemoryProperties {
    private final List<Map<Integer, Integer>> references = List.of(new HashMap<>(), new HashMap<>());
    private final PrefixIndex[] indexes = new PrefixIndex[2];
    private final BlockAllocator[] allocators = new BlockAllocator[2];
    private int nextText;

    @Property(tries = 200, seed = "20261130")
    void aSlabHoldsReferencedBlocksOfOneKindOnlyAndWhatHasRoomCanBeAllocated(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 12) int slabs,
            @ForAll @IntRange(min = 1, max = 5) int several, @ForAll boolean firstIsSmall) {
        var random = new Random(seed);
        int[] perSlab = firstIsSmall ? new int[] {several, 1} : new int[] {1, several};
        var memory = new BlockMemory(slabs);
        for (int kind = 0; kind < 2; kind++) {
            references.get(kind).clear();
            indexes[kind] = new PrefixIndex(slabs * perSlab[kind], 1);
            allocators[kind] = new BlockAllocator(memory, kind, perSlab[kind], indexes[kind]);
        }
        int large = firstIsSmall ? 1 : 0;
        for (int round = 0; round < 200; round++) {
            int[] wanted = {random.nextInt(several + 2), random.nextInt(several + 2)};
            if (random.nextBoolean() && memory.hasRoom(wanted[0], wanted[1])) {
                allocate(large, wanted[large]);
                allocate(1 - large, wanted[1 - large]);
            }
            if (random.nextBoolean() && memory.hasRoomInAnyOrder(wanted[0], wanted[1])) {
                allocateInAnyOrder(wanted, random);
            }
            int kind = random.nextInt(2);
            switch (random.nextInt(3)) {
                case 0 -> release(kind, random);
                case 1 -> indexSome(kind, random);
                default -> revive(kind, slabs * perSlab[kind], random);
            }
            check(memory, slabs, perSlab);
        }
        for (int kind = 0; kind < 2; kind++) {
            while (!references.get(kind).isEmpty()) {
                release(kind, random);
            }
        }
        assertThat(memory.pinned()).isZero();
        assertThat(memory.hasRoom(0, slabs * perSlab[1])).isTrue();
        assertThat(memory.hasRoom(slabs * perSlab[0], 0)).isTrue();
        assertThat(memory.hasRoom(0, slabs * perSlab[1] + 1)).isFalse();
        assertThat(memory.hasRoomInAnyOrder(0, slabs * perSlab[1])).isTrue();
        assertThat(memory.hasRoomInAnyOrder(slabs * perSlab[0], 1)).isFalse();
    }

    private void allocate(int kind, int count) {
        for (int i = 0; i < count; i++) {
            int block = allocators[kind].allocate();
            assertThat(references.get(kind).put(block, 1)).as("another reference").isNull();
            assertThat(indexes[kind].contains(block)).isFalse();
        }
    }

    private void allocateInAnyOrder(int[] wanted, Random random) {
        for (int[] left = wanted.clone(); left[0] + left[1] > 0; ) {
            int kind = random.nextInt(left[0] + left[1]) < left[0] ? 0 : 1;
            assertThat(allocators[kind].available()).isPositive();
            allocate(kind, 1);
            left[kind]--;
        }
    }

    private void release(int kind, Random random) {
        var blocks = new ArrayList<>(references.get(kind).keySet());
        if (!blocks.isEmpty()) {
            int block = blocks.get(random.nextInt(blocks.size()));
            allocators[kind].release(block);
            references.get(kind).compute(block, (_, count) -> count == 1 ? null : count - 1);
        }
    }

    private void indexSome(int kind, Random random) {
        for (int block : references.get(kind).keySet()) {
            if (!indexes[kind].contains(block) && random.nextBoolean()) {
                indexes[kind].add(block, PrefixIndex.ROOT, new int[] {nextText++}, 0, 0);
            }
        }
    }

    private void revive(int kind, int blocks, Random random) {
        int block = random.nextInt(blocks);
        if (indexes[kind].contains(block)) {
            allocators[kind].retain(block);
            references.get(kind).merge(block, 1, Integer::sum);
        }
    }

    private void check(BlockMemory memory, int slabs, int[] perSlab) {
        int pinned = 0;
        for (int slab = 0; slab < slabs; slab++) {
            int kinds = 0;
            for (int kind = 0; kind < 2; kind++) {
                boolean referenced = false;
                boolean held = false;
                for (int block = slab * perSlab[kind]; block < (slab + 1) * perSlab[kind]; block++) {
                    referenced |= references.get(kind).containsKey(block);
                    held |= references.get(kind).containsKey(block) || indexes[kind].contains(block);
                }
                pinned += referenced ? 1 : 0;
                kinds += held ? 1 : 0;
            }
            assertThat(kinds).as("kinds of blocks in a slab").isLessThanOrEqualTo(1);
        }
        assertThat(memory.pinned()).isEqualTo(pinned);
        for (int kind = 0; kind < 2; kind++) {
            assertThat(allocators[kind].used()).isEqualTo(references.get(kind).size());
        }
    }
}
