package dev.flover.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TokenCountsTest {
    @Test
    void countsEveryTokenOfAnAnswerWhileTheTableGrows() {
        var counts = new TokenCounts();
        counts.clear();
        var expected = new HashMap<Integer, Integer>();
        for (int i = 0; i < 1000; i++) {
            int token = i * 7 % 400;
            counts.addAnswer(token);
            expected.merge(token, 1, Integer::sum);
        }

        assertThat(contents(counts)).isEqualTo(expected);
    }

    @Test
    void knowsPromptTokensThatTheAnswerDoesNotHave() {
        var counts = new TokenCounts();
        counts.clear();
        counts.addPrompt(5);
        counts.addPrompt(6);
        counts.addAnswer(6);

        assertThat(contents(counts)).isEqualTo(Map.of(5, 0, 6, 1));
    }

    private static Map<Integer, Integer> contents(TokenCounts counts) {
        var contents = new HashMap<Integer, Integer>();
        for (int place = 0; place < counts.places(); place++) {
            if (counts.occupied(place)) {
                contents.put(counts.token(place), counts.answerCount(place));
            }
        }
        return contents;
    }
}
