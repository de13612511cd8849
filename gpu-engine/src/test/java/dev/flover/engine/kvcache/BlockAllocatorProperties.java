package dev.flover.engine.kvcache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class BlockAllocatorProperties {
    @Property(tries = 200, seed = "20260722")
    void everyBlockIsFreeCachedOrReferencedAndTheOldestCachedIsEvictedFirst(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 20) int blocks) {
        var random = new Random(seed);
        var index = new PrefixIndex(blocks, 1);
        var allocator = new BlockAllocator(blocks, index);
        Map<Integer, Integer> references = new HashMap<>();
        // the released blocks that are still in the index, oldest release first
        var cached = new LinkedHashSet<Integer>();
        int nextText = 0;
        for (int round = 0; round < 300; round++) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    if (allocator.available() > 0) {
                        boolean someFree = references.size() + cached.size() < blocks;
                        int block = allocator.allocate();
                        assertThat(references).doesNotContainKey(block);
                        if (someFree) {
                            assertThat(cached).doesNotContain(block);
                        } else {
                            assertThat(block).isEqualTo(cached.removeFirst());
                        }
                        assertThat(index.contains(block)).isFalse();
                        references.put(block, 1);
                    }
                }
                case 1 -> {
                    var candidates = new ArrayList<>(references.keySet());
                    candidates.addAll(cached);
                    if (!candidates.isEmpty()) {
                        int block = candidates.get(random.nextInt(candidates.size()));
                        allocator.retain(block);
                        cached.remove(block);
                        references.merge(block, 1, Integer::sum);
                    }
                }
                case 2 -> {
                    if (!references.isEmpty()) {
                        int block = new ArrayList<>(references.keySet()).get(random.nextInt(references.size()));
                        allocator.release(block);
                        if (references.merge(block, -1, Integer::sum) == 0) {
                            references.remove(block);
                            if (index.contains(block)) {
                                cached.add(block);
                            }
                        }
                    }
                }
                default -> {
                    for (int block : references.keySet()) {
                        if (!index.contains(block) && random.nextBoolean()) {
                            index.add(block, PrefixIndex.ROOT, new int[] {nextText++}, 0, 0);
                        }
                    }
                }
            }
            assertThat(allocator.used()).isEqualTo(references.size());
            assertThat(allocator.available()).isEqualTo(blocks - references.size());
        }
    }
}
