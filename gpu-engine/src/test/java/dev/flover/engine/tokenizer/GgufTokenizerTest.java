package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.GgufWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GgufTokenizerTest {
    private static final List<String> PIECES = List.of("\u2581", "a", "b", "ab", "\u2581ab", "\u2581a");

    @TempDir
    Path folder;

    static List<String> preTokenizers() {
        return List.copyOf(PreTokenizerCatalog.names());
    }

    @ParameterizedTest
    @MethodSource("preTokenizers")
    void everyNamedPreTokenizerKeepsEveryCharacter(String name) {
        var recipe = PreTokenizerCatalog.find(name);
        var tokenizer = recipe.bytes() ? open(Tokenizers.bytePairs(name, List.of("\u0120 a", "1 2"))) : null;
        for (String text : List.of(
                "Hello  world\n\n 12345 it's IT'S \u4E2D\u6587\u3042 \u00E9e\u0301 \uD83D\uDE00!?\t x\r\n", "", " ",
                "\n", "\u0000")) {
            var pieces = new StringBuilder();
            recipe.build().split(text, true, (piece, _) -> pieces.append(piece));
            assertThat(pieces).hasToString(recipe.bytes() ? ByteAlphabet.spell(text) : text);
            if (tokenizer != null) {
                assertThat(tokenizer.decode(tokenizer.encode(text, false))).isEqualTo(text);
            }
        }
    }

    @Test
    void sentencePieceMergesTheBestScoreFirstAndFallsBackToBytes() {
        var tokenizer = open(Tokenizers.sentencePiece(PIECES));

        assertThat(tokenizer.encode("ab", false)).containsExactly(263);
        assertThat(tokenizer.encode("aab", false)).containsExactly(264, 262);
        assertThat(tokenizer.encode("", false)).isEmpty();
        assertThat(tokenizer.encode("\u00E9", false)).containsExactly(259, 3 + 0xC3, 3 + 0xA9);
        assertThat(tokenizer.decode(tokenizer.encode("ab \u00E9  b", false))).isEqualTo("ab \u00E9  b");
        assertThat(tokenizer.encodePrompt("b")).startsWith(1);
        assertThat(tokenizer.beginOfText()).isEqualTo(1);
    }

    @Test
    void aTextThatSpellsAByteOrMarkupStaysText() {
        var tokenizer = open(Tokenizers.sentencePiece(List.of("\u2581", "<", "s", ">", "s>", "<0", "x0A>", "0", "x",
                "A")));

        assertThat(tokenizer.encode("<s><0x0A>", false)).doesNotContain(1, 3 + 0x0A);
        assertThat(tokenizer.encode("<s>", true)).containsExactly(1);
        assertThat(tokenizer.decode(tokenizer.encode("<s><0x0A>", false))).isEqualTo("<s><0x0A>");
    }

    @Test
    void loneSurrogatesBecomeReplacementCharacters() {
        var tokenizer = open(Tokenizers.bytePairs("gpt-2", List.of("a b")));

        assertThat(tokenizer.decode(tokenizer.encode("x\uD83Dy\uDE00\uD83D\uDE00", false)))
                .isEqualTo("x\uFFFDy\uFFFD\uD83D\uDE00");
    }

    @Test
    void unigramVocabulariesOfGgufCollapseSpacesWhereTheFileSaysSo() {
        var writer = Tokenizers.sentencePiece(PIECES)
                .put("tokenizer.ggml.model", "t5")
                .put("tokenizer.ggml.remove_extra_whitespaces", true)
                .put("tokenizer.ggml.unknown_token_id", 0)
                .put("tokenizer.ggml.add_eos_token", false);
        var tokenizer = open(writer);

        assertThat(tokenizer.decode(tokenizer.encode("  ab   ab ", false))).isEqualTo("ab ab");
        assertThat(tokenizer.encode("a\u4E2D\u6587", false)).endsWith(0).doesNotHaveDuplicates();
    }

    @Test
    void tokensOutsideTheVocabularyStandForNothing() {
        var tokenizer = open(Tokenizers.bytePairs("gpt-2", List.of("a b")));

        assertThat(tokenizer.bytes(tokenizer.vocabulary() + 5)).isEmpty();
        assertThat(tokenizer.isControl(tokenizer.vocabulary() + 5)).isTrue();
    }

    @Test
    void aFileWithoutATokenizerHasNone() {
        assertThat(open(new GgufWriter().put("general.architecture", "llama"))).isNull();
    }

    static List<UnaryOperator<GgufWriter>> contradictions() {
        return List.of(
                w -> w.put("tokenizer.ggml.model", "bert"),
                w -> w.put("tokenizer.ggml.pre", "no-such"),
                w -> w.put("tokenizer.ggml.tokens", List.of("a", "a")),
                w -> w.put("tokenizer.ggml.tokens", List.of()),
                w -> w.put("tokenizer.ggml.tokens", List.of("x".repeat(5_000))),
                w -> w.put("tokenizer.ggml.tokens", "a"),
                w -> w.put("tokenizer.ggml.token_type", new int[] {1}),
                w -> w.put("tokenizer.ggml.merges", List.of("a nothing")),
                w -> w.put("tokenizer.ggml.merges", List.of("ab")),
                w -> w.put("tokenizer.ggml.merges", List.of("a ")),
                w -> w.remove("tokenizer.ggml.merges"),
                w -> w.put("tokenizer.ggml.bos_token_id", 99_999).put("tokenizer.ggml.add_bos_token", true),
                w -> w.remove("tokenizer.ggml.bos_token_id").put("tokenizer.ggml.add_bos_token", true),
                w -> w.put("tokenizer.ggml.model", "llama").put("tokenizer.ggml.scores", new float[] {1}),
                w -> w.put("tokenizer.ggml.model", "llama").put("tokenizer.ggml.scores", nans()),
                w -> w.put("tokenizer.ggml.model", "t5").put("tokenizer.ggml.precompiled_charsmap", new int[] {1, 2,
                        3}),
                w -> w.put("tokenizer.ggml.model", "t5").put("tokenizer.ggml.precompiled_charsmap", "abc"));
    }

    private static float[] nans() {
        float[] scores = new float[512];
        scores[300 - 256] = Float.NaN;
        return scores;
    }

    @ParameterizedTest
    @MethodSource("contradictions")
    void aVocabularyThatContradictsItselfIsRefusedInASentence(UnaryOperator<GgufWriter> change) {
        var writer = change.apply(Tokenizers.bytePairs("gpt-2", List.of("a b", "ab c")));

        assertThatThrownBy(() -> open(writer))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("tokenizer.gguf: ");
    }

    private Tokenizer open(GgufWriter writer) {
        return Tokenizers.open(writer.put("general.name", "test").write(folder.resolve("tokenizer.gguf")));
    }
}
