package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerTextTest {
    /// One token for each byte; token 256 is markup.
    private static final Tokenizer BYTES = new OneByteATokenTokenizer(false);

    @Test
    void halfACharacterIsHeldBackUntilItIsWhole() {
        var answer = new AnswerText(BYTES, -1, List.of());

        assertThat(answer.push(0xF0)).isEmpty();
        assertThat(answer.push(0x9F)).isEmpty();
        assertThat(answer.push(0x98)).isEmpty();
        assertThat(answer.push(0x80)).isEqualTo("\uD83D\uDE00");
    }

    @Test
    void bytesThatAreNoTextBecomeReplacementCharacters() {
        var answer = new AnswerText(BYTES, -1, List.of());

        assertThat(answer.push(0xC3)).isEmpty();
        assertThat(answer.push('a')).isEqualTo("\uFFFDa");
        assertThat(answer.push(0xE2)).isEmpty();
        assertThat(answer.finish()).isEqualTo("\uFFFD");
        assertThat(answer.finish()).isEmpty();
    }

    @Test
    void theBeginningOfAStopStringIsHeldBackUntilItIsNone() {
        var answer = new AnswerText(BYTES, -1, List.of("END"));

        assertThat(push(answer, "x")).isEqualTo("x");
        assertThat(push(answer, "E")).isEmpty();
        assertThat(push(answer, "N")).isEmpty();
        assertThat(push(answer, "E")).isEqualTo("EN");
        assertThat(answer.finish()).isEqualTo("E");
    }

    @Test
    void aStopStringEndsTheTextBeforeIt() {
        var answer = new AnswerText(BYTES, -1, List.of("\n\n", "END"));

        assertThat(push(answer, "one ENEND two")).isEqualTo("one EN");
        assertThat(answer.stopped()).isTrue();
        assertThat(answer.stop()).isEqualTo("END");
        assertThat(push(answer, "three")).isEmpty();
        assertThat(answer.finish()).isEmpty();
    }

    @Test
    void theStopStringThatIsCompleteFirstCountsAndOfThoseTheLongest() {
        var answer = new AnswerText(BYTES, -1, List.of("b", "ab", "abc"));

        assertThat(push(answer, "xabc")).isEqualTo("x");
        assertThat(answer.stop()).isEqualTo("ab");
    }

    @Test
    void aStopStringMayBeCompletedByAnUnfinishedCharacter() {
        var answer = new AnswerText(BYTES, -1, List.of("a\uFFFD"));

        assertThat(push(answer, "xa")).isEqualTo("x");
        assertThat(answer.push(0xF0)).isEmpty();
        assertThat(answer.finish()).isEmpty();
        assertThat(answer.stopped()).isTrue();
    }

    @Test
    void theDummySpaceIsDroppedAtTheBeginningOfATextAndAfterMarkupOnly() {
        var marked = new OneByteATokenTokenizer(true);

        assertThat(push(new AnswerText(marked, -1, List.of()), "  a")).isEqualTo(" a");
        assertThat(push(new AnswerText(marked, 256, List.of()), " a")).isEqualTo("a");
        assertThat(push(new AnswerText(marked, 'x', List.of()), " a")).isEqualTo(" a");
        assertThat(push(new AnswerText(BYTES, -1, List.of()), " a")).isEqualTo(" a");
    }

    @Test
    void stopStringsThatCannotBeFoundAreRefused() {
        assertThatThrownBy(() -> new AnswerText(BYTES, -1, List.of(""))).hasMessageContaining("empty");
        assertThatThrownBy(() -> new AnswerText(BYTES, -1, List.of("\uD83D"))).hasMessageContaining("surrogate");
    }

    private static String push(AnswerText answer, String text) {
        var out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            out.append(answer.push(b & 0xFF));
        }
        return out.toString();
    }
}
