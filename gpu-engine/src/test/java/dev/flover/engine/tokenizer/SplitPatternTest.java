package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.tokenizer.pattern.SplitPattern;
import dev.flover.engine.tokenizer.pattern.TokenizationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SplitPatternTest {
    private static final long SEED = 20_260_722;
    private static final String[] FRAGMENTS = {
        " ", "  ", "\n", "\r\n", "\t", "a", "B", "Ab", "zz", "\u00E9", "'s", "'LL", "'", "1", "23",
        "4567", "\u0663", "\u00B2", "\u4E2D", "\u3042", "\uAC00", "\uD83D\uDE00", "!", "...", "$", "_", "/", "\u00A0",
        "\u3000", "\u0301", "\u01C5", "\u2028", "\u0085", "<sentinel:12>", "IMGIMGABZ", "\u200B"
    };

    static List<String> publishedPatterns() {
        return PreTokenizerCatalog.names().stream()
                .flatMap(name -> PreTokenizerCatalog.find(name).patterns().stream())
                .distinct()
                .toList();
    }

    @ParameterizedTest
    @MethodSource("publishedPatterns")
    void publishedPatternsFindWhatJavaFinds(String pattern) {
        var java = Pattern.compile(
                pattern.replace("\\p{Han}", "\\p{IsHan}"),
                Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE | Pattern.MULTILINE | Pattern.UNIX_LINES);
        var ours = SplitPattern.compile(pattern);
        var random = new Random(SEED);
        for (int i = 0; i < 400; i++) {
            String text = text(random);
            var expected = new ArrayList<String>();
            java.matcher(text).results().forEach(match -> expected.add(match.start() + "-" + match.end()));

            assertThat(matches(ours, text)).as("seed %d, text %s", SEED, text).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"(a)\\1", "a*?", "(?<=a)b", "(?<name>a)", "(?>a)", "(a", "a)", "[a",
        "a{2", "\\p{Nonsense}", "*a", "a**", "(a*)*", "(a|b?)+", "[z-a]", "a{1001}", "\\", "\\q",
        "((a{1000}){1000}){1000}", "[]", "[a&&]", "\\x{110000}",
        "\\xZZ"})
    void whatIsNotSupportedIsRefusedInASentence(String pattern) {
        assertThatThrownBy(() -> SplitPattern.compile(pattern))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("(?s)the pattern .*");
    }

    @Test
    void nestingIsBounded() {
        assertThatThrownBy(() -> SplitPattern.compile("(".repeat(10_000) + "a" + ")".repeat(10_000)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SplitPattern.compile("[".repeat(10_000) + "a" + "]".repeat(10_000)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTextThatWouldTakeTooManyStepsIsRefused() {
        var pattern = SplitPattern.compile("(?:a+b?)+c");

        assertThatThrownBy(() -> pattern.matcher("a".repeat(5_000)).find(0))
                .isInstanceOf(TokenizationException.class)
                .hasMessageContaining("5000 characters");
    }

    @Test
    void caseIsIgnoredByUnicodesFolding() {
        var pattern = SplitPattern.compile("(?i:'s|k)");

        assertThat(matches(pattern, "'S'\u017F'x\u212AK")).containsExactly("0-2", "2-4", "6-7", "7-8");
    }

    @Test
    void alternativesMatchInOrderNotByLength() {
        assertThat(matches(SplitPattern.compile("a|ab|b"), "abab")).containsExactly("0-1", "1-2", "2-3", "3-4");
    }

    @Test
    void setsMayBeNestedNegatedAndIntersected() {
        assertThat(matches(SplitPattern.compile("[a-f&&[^c-d]]+"), "abcdef")).containsExactly("0-2", "4-6");
        assertThat(matches(SplitPattern.compile("[^[:digit:]x]+"), "ab1xc")).containsExactly("0-2", "4-5");
        assertThat(matches(SplitPattern.compile("[]a-]+"), "]a-b")).containsExactly("0-3");
    }

    private static List<String> matches(SplitPattern pattern, String text) {
        var matches = new ArrayList<String>();
        var matcher = pattern.matcher(text);
        int from = 0;
        while (from <= text.length() && matcher.find(from)) {
            matches.add(matcher.start() + "-" + matcher.end());
            from = matcher.end() > matcher.start() || matcher.end() == text.length()
                    ? Math.max(matcher.end(), matcher.start() + 1)
                    : matcher.end() + Character.charCount(text.codePointAt(matcher.end()));
        }
        return matches;
    }

    private static String text(Random random) {
        var text = new StringBuilder();
        for (int i = random.nextInt(14); i >= 0; i--) {
            text.append(FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
        }
        return text.toString();
    }
}
