package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class AnswerTextProperties {
    private static final List<String> STOPS = List.of("ab", "aab", "\u00E9a", "\n\n", "aXaXb");

    @Property
    void allPiecesTogetherAreTheWholeText(@ForAll("answers") int[] ids, @ForAll boolean stripsSpace) {
        var tokenizer = new OneByteATokenTokenizer(stripsSpace);

        assertThat(text(new AnswerText(tokenizer, -1, List.of()), ids)).isEqualTo(tokenizer.decode(ids));
    }

    @Property
    void theTextEndsBeforeTheStopStringThatIsCompleteFirst(@ForAll("answers") int[] ids) {
        var tokenizer = new OneByteATokenTokenizer(false);
        String whole = tokenizer.decode(ids);
        var answer = new AnswerText(tokenizer, -1, STOPS);
        String expected = whole;
        String stop = null;
        for (int end = 1; end <= whole.length() && stop == null; end++) {
            for (String candidate : STOPS) {
                boolean longer = stop == null || candidate.length() > stop.length();
                if (whole.substring(0, end).endsWith(candidate) && longer) {
                    stop = candidate;
                    expected = whole.substring(0, end - candidate.length());
                }
            }
        }

        assertThat(text(answer, ids)).isEqualTo(expected);
        assertThat(answer.stop()).isEqualTo(stop);
    }

    @Property
    void replayedIdsGiveTheSamePiecesAndGoOnAlike(@ForAll("answers") int[] ids, @ForAll("cuts") double cut) {
        var tokenizer = new OneByteATokenTokenizer(true);
        int restart = (int) (ids.length * cut);
        var first = new AnswerText(tokenizer, -1, STOPS);
        var pieces = Arrays.stream(ids).mapToObj(first::push).toList();

        var second = new AnswerText(tokenizer, -1, STOPS);
        for (int id : Arrays.copyOf(ids, restart)) {
            second.push(id);
        }
        var rest = Arrays.stream(ids, restart, ids.length).mapToObj(second::push).toList();

        assertThat(rest).isEqualTo(pieces.subList(restart, ids.length));
        assertThat(second.finish()).isEqualTo(first.finish());
        assertThat(second.stop()).isEqualTo(first.stop());
    }

    @Property
    void whatWasGivenOutIsNeverTakenBack(@ForAll("answers") int[] ids) {
        var tokenizer = new OneByteATokenTokenizer(false);
        for (int length = 0; length <= ids.length; length++) {
            var answer = new AnswerText(tokenizer, -1, STOPS);
            var given = new StringBuilder();
            for (int i = 0; i < length; i++) {
                given.append(answer.push(ids[i]));
            }
            assertThat(tokenizer.decode(ids)).startsWith(given);
        }
    }

    private static String text(AnswerText answer, int[] ids) {
        var text = new StringBuilder();
        for (int id : ids) {
            text.append(answer.push(id));
        }
        return text.append(answer.finish()).toString();
    }

    /// Bytes that often form characters, parts of characters and beginnings of stop strings.
    @Provide
    Arbitrary<int[]> answers() {
        var likely = Arbitraries.of((int) ' ', (int) 'a', (int) 'b', (int) 'X', (int) '\n', 0xC3, 0xA9, 0xE2, 0x82,
                0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xE0, 0xED, 0xA0, 0xF4, 0x90, 0xC0, 0xFF, OneByteATokenTokenizer.MARKUP);
        var any = Arbitraries.integers().between(0, 256);
        return Arbitraries.frequencyOf(Tuple.of(6, likely), Tuple.of(1, any))
                .array(int[].class)
                .ofMaxSize(40);
    }

    @Provide
    Arbitrary<Double> cuts() {
        return Arbitraries.doubles().between(0, 1);
    }
}
