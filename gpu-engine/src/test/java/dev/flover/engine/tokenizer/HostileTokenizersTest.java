package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.GgufWriter;
import dev.flover.engine.tokenizer.pattern.TokenizationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Hostile files and texts: they may cause only the documented exceptions.
class HostileTokenizersTest {
    private static final long SEED = 20_260_723;
    private static final List<String> MERGES = List.of("a b", "ab c", "\u0120 a", "1 2", "12 3", "\u0120 \u0120");
    private static final List<String> COMPONENTS = List.of("\"NFC\"", "\"Lowercase\"", "\"ByteLevel\"", "\"Metaspace\"",
            "\"Split\"", "\"Sequence\"", "\"Digits\"", "\"Replace\"", "\"Strip\"", "\"BPE\"", "\"Unigram\"", "null",
            "true",
            "-1", "0", "1e400", "999999999999", "\"\"", "\" \"", "[]", "{}", "\\u0000", "{\"Regex\":\"(a|b)*\"}",
            "{\"Regex\":\"\\\\s+$\"}", "{\"String\":\"a\"}", "\"\\uD800\"");
    private static final List<String> TEXTS = List.of("", "abc abc 123 ", "<|end|>", " ".repeat(3_000) + "x",
            "a".repeat(3_000), "\uD800\uDC00\uDBFF", "\u0000\uFFFF\uFFFE", "1".repeat(3_000), "\n \n".repeat(500));

    @TempDir
    Path folder;

    @Test
    void mutatedTokenizerFilesOnlyFailByName() throws IOException {
        var random = new Random(SEED);
        var seeds = List.of(
                Tokenizers.byteLevelJson(MERGES).toString(),
                Tokenizers.unigramJson(List.of("\u2581", "a", "b", "ab"), new double[] {-1, -2, -3, -4}).toString());
        int opened = 0;
        for (int i = 0; i < 400; i++) {
            String seed = seeds.get(i % seeds.size());
            Files.writeString(folder.resolve("tokenizer.json"), mutated(seed, random), StandardCharsets.UTF_8);
            try {
                opened += use(TokenizerLoader.fromHuggingFace(folder));
            } catch (ModelFileException | TokenizationException named) {
                assertThat(named.getMessage()).as("seed %d, round %d", SEED, i).isNotBlank();
            }
        }
        assertThat(opened).isPositive();
    }

    /// Replaces random values or random characters of a JSON text.
    private static String mutated(String json, Random random) {
        var mutated = new StringBuilder(json);
        for (int change = random.nextInt(3); change >= 0; change--) {
            int at = random.nextInt(mutated.length());
            String with = COMPONENTS.get(random.nextInt(COMPONENTS.size()));
            int value = mutated.indexOf(":", at);
            if (random.nextInt(3) > 0 && value > 0) {
                int end = value + 1;
                while (end < mutated.length() && ",}]".indexOf(mutated.charAt(end)) < 0) {
                    end++;
                }
                mutated.replace(value + 1, end, with);
            } else {
                mutated.replace(at, Math.min(mutated.length(), at + random.nextInt(4)), with);
            }
        }
        return mutated.toString();
    }

    @Test
    void mutatedVocabulariesOfGgufOnlyFailByName() {
        var random = new Random(SEED);
        int opened = 0;
        for (int i = 0; i < 150; i++) {
            var names = List.copyOf(PreTokenizerCatalog.names());
            var writer = i % 2 == 0
                    ? Tokenizers.bytePairs(names.get(random.nextInt(names.size())), MERGES)
                    : Tokenizers.sentencePiece(List.of("\u2581", "a", "b", "ab", "\u2581ab"));
            try {
                opened += use(Tokenizers.open(change(writer, random).write(folder.resolve("tokenizer.gguf"))));
            } catch (ModelFileException | TokenizationException named) {
                assertThat(named.getMessage()).as("seed %d, round %d", SEED, i).isNotBlank();
            }
        }
        assertThat(opened).isPositive();
    }

    private static GgufWriter change(GgufWriter writer, Random random) {
        String key = "tokenizer.ggml." + List.of("model", "pre", "tokens", "token_type", "scores", "merges",
                "bos_token_id",
                "unknown_token_id", "add_bos_token", "add_space_prefix",
                "precompiled_charsmap").get(random.nextInt(11));
        return switch (random.nextInt(8)) {
            case 0 -> writer.remove(key);
            case 1 -> writer.put(key, random.nextInt());
            case 2 -> writer.put(key, "llama");
            case 3 -> writer.put(key, "t5");
            case 4 -> writer.put(key, random.ints(300, -2, 9).toArray());
            case 5 -> writer.put(key, new float[300]);
            case 6 -> writer.put(key, List.of("a b", "\u2581 a", "", " "));
            default -> writer.put(key, random.nextBoolean());
        };
    }

    /// Encodes and decodes all texts.
    ///
    /// @return 1 if there is a tokenizer, else 0
    private static int use(Tokenizer tokenizer) {
        if (tokenizer == null) {
            return 0;
        }
        for (String text : TEXTS) {
            for (boolean parseSpecial : new boolean[] {false, true}) {
                for (int id : tokenizer.encode(text, parseSpecial)) {
                    assertThat(id).isBetween(0, tokenizer.vocabulary() - 1);
                    assertThat(tokenizer.bytes(id)).isNotNull();
                }
            }
            assertThat(tokenizer.decode(tokenizer.encodePrompt(text))).isNotNull();
        }
        return 1;
    }
}
