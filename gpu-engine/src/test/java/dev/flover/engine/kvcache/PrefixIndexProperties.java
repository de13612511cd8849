package dev.flover.engine.kvcache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class PrefixIndexProperties {
    /// Compares the index with a map from whole token sequences to blocks. There are few tokens and few blocks, so that
    /// chains branch and hash places collide.
    @Property(tries = 200, seed = "20260722")
    void findsABlockExactlyWhereItsWholeTextIsKnown(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int blocks,
            @ForAll @IntRange(min = 1, max = 3) int blockTokens) {
        var random = new Random(seed);
        var index = new PrefixIndex(blocks, blockTokens);
        Map<Integer, List<Integer>> textOf = new HashMap<>();
        for (int round = 0; round < 200; round++) {
            int[] ids = random.ints(blockTokens * 4L, 0, 2).toArray();
            walk(index, textOf, ids, blockTokens, random.nextInt(blocks));
            if (random.nextInt(3) == 0 && !textOf.isEmpty()) {
                var known = new ArrayList<>(textOf.keySet());
                int block = known.get(random.nextInt(known.size()));
                index.remove(block);
                textOf.remove(block);
            }
            for (int block = 0; block < blocks; block++) {
                assertThat(index.contains(block)).isEqualTo(textOf.containsKey(block));
            }
        }
    }

    /// Follows the blocks of a token sequence as far as the index knows them, checks each one, and adds an unused block
    /// behind the last.
    private static void walk(
            PrefixIndex index, Map<Integer, List<Integer>> textOf, int[] ids, int blockTokens, int candidate) {
        long parent = PrefixIndex.ROOT;
        for (int from = 0; from + blockTokens <= ids.length; from += blockTokens) {
            int block = index.find(parent, ids, from);
            var text = Arrays.stream(ids, 0, from + blockTokens).boxed().toList();
            if (block == PrefixIndex.NONE) {
                if (!textOf.containsKey(candidate)) {
                    assertThat(from == 0 && textOf.containsValue(text)).as("a first block that is known").isFalse();
                    index.add(candidate, parent, ids, from, 7);
                    textOf.put(candidate, text);
                    assertThat(index.find(parent, ids, from)).isEqualTo(candidate);
                    assertThat(index.filledBy(candidate)).isEqualTo(7);
                }
                return;
            }
            assertThat(textOf.get(block)).isEqualTo(text);
            parent = index.serial(block);
        }
    }
}
