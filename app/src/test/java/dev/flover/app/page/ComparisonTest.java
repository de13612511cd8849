package dev.flover.app.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.TokenChunk;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private final Comparison comparison = new Comparison();

    private static TokenChunk chunk(int answer, int position, Integer... tokens) {
        return TokenChunk.newBuilder().setRequestId("r").setAnswer(answer).setPosition(position)
                .setTokenIds(List.of(tokens)).setText("").build();
    }

    @Test
    void equalTokensInOtherChunksAreIdentical() {
        comparison.first(chunk(0, 0, 1, 2, 3));
        comparison.first(chunk(1, 0, 9));
        comparison.again(chunk(0, 0, 1));
        comparison.again(chunk(1, 0, 9));
        comparison.again(chunk(0, 1, 2, 3));

        assertThat(comparison.words(true)).isEqualTo("identical, 4 tokens");
    }

    @Test
    void theFirstDifferenceIsNamed() {
        comparison.first(chunk(0, 0, 1, 2, 3, 4));
        comparison.again(chunk(0, 0, 1, 2, 7, 8));

        assertThat(comparison.isDifferent()).isTrue();
        assertThat(comparison.words(true)).isEqualTo(
                "first difference in answer 0 at token 2: 3 first, 7 in the replay");
    }

    @Test
    void anAnswerThatWasCancelledIsComparedAsFarAsItWent() {
        comparison.first(chunk(0, 0, 1, 2));
        comparison.again(chunk(0, 0, 1, 2, 3));

        assertThat(comparison.words(false)).isEqualTo("identical, 2 tokens, as far as the first answer went");
        assertThat(comparison.words(true)).contains("2 tokens first, 3 in the replay");
    }

    @Test
    void aShorterReplayIsNotIdentical() {
        comparison.first(chunk(0, 0, 1, 2));
        comparison.again(chunk(0, 0, 1));

        assertThat(comparison.words(true)).contains("equal up to token 1").contains("1 in the replay");
    }
}
