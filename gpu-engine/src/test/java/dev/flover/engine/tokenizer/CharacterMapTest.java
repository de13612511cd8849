package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CharacterMapTest {
    private static final long SEED = 20_260_711;

    @Test
    void theLongestSpellingIsReplaced() {
        var map = new CharacterMap(compile(Map.of("a", "1", "ab", "2", "\uFB01", "fi", "e\u0301", "\u00E9", "\u200B",
                "")));

        assertThat(map.normalize("a ab abc \uFB01x e\u0301 e x\u200By")).isEqualTo("1 2 2c fix \u00E9 e xy");
        assertThat(map.normalize("")).isEmpty();
        assertThat(map.normalize("\uD83D\uDE00")).isEqualTo("\uD83D\uDE00");
    }

    @Test
    void mapsWithImpossibleLengthsAreRefused() {
        assertThatThrownBy(() -> new CharacterMap(new byte[2])).hasMessageContaining("2 bytes");
        assertThatThrownBy(() -> new CharacterMap(new byte[] {5, 0, 0, 0, 1})).hasMessageContaining("trie of 5");
        assertThatThrownBy(() -> new CharacterMap(new byte[] {0, 0, 0, 0, 1})).hasMessageContaining("trie of 0");
        assertThatThrownBy(() -> new CharacterMap(new byte[] {-1, -1, -1, -1, 1})).isInstanceOf(
                IllegalArgumentException.class);
    }

    @Test
    void mutatedMapsStillEnd() {
        byte[] compiled = compile(Map.of("a", "1", "ab", "2", "\uFB01", "fi"));
        var random = new Random(SEED);
        for (int i = 0; i < 1_000; i++) {
            byte[] mutated = compiled.clone();
            for (int change = random.nextInt(6); change >= 0; change--) {
                mutated[4 + random.nextInt(mutated.length - 4)] = (byte) random.nextInt(256);
            }
            assertThat(new CharacterMap(mutated).normalize("abab \uFB01 xyz")).as("seed %d", SEED).isNotNull();
        }
    }

    /// Compiles replacements to a double-array trie as Darts-clone does: each child of a node is at the node's offset,
    /// combined by exclusive or with the child's label.
    private static byte[] compile(Map<String, String> replacements) {
        var spellings = new TreeMap<String, Integer>();
        var texts = new ByteArrayOutputStream();
        replacements.forEach((from, to) -> {
            spellings.put(new String(from.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1), texts.size());
            texts.writeBytes(to.getBytes(StandardCharsets.UTF_8));
            texts.write(0);
        });
        int[] units = new int[256 * 256];
        place(units, 0, "", spellings, new int[] {256});
        var out = ByteBuffer.allocate(4 + units.length * 4 + texts.size()).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(units.length * 4);
        for (int unit : units) {
            out.putInt(unit);
        }
        return out.put(texts.toByteArray()).array();
    }

    private static void place(int[] units, int node, String prefix, TreeMap<String, Integer> spellings, int[] free) {
        int children = free[0];
        free[0] += 256;
        units[node] |= (node ^ children) << 10;
        if (spellings.containsKey(prefix)) {
            units[node] |= 1 << 8;
            units[children] = 1 << 31 | spellings.get(prefix);
        }
        for (int label = 1; label < 256; label++) {
            String next = prefix + (char) label;
            String following = spellings.ceilingKey(next);
            if (following != null && following.startsWith(next)) {
                units[children ^ label] = label;
                place(units, children ^ label, next, spellings, free);
            }
        }
    }
}
