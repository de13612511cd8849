package dev.flover.app.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flover.app.picture.Frame.State;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreboardTest {
    private final Script script = Script.random(1, 100);
    private final Scoreboard board = new Scoreboard(script, 1000);

    @Test
    void followsAGenerationFromSentToDone() {
        board.sent(3, 10);
        assertThat(board.frame(11).generations()).singleElement()
                .satisfies(generation -> assertThat(generation.state()).isEqualTo(State.WAITING));

        board.read(3, 0, List.of(5, 6), "ab", false, 20);
        board.read(3, 2, List.of(7), "c", true, 30);

        var done = board.frame(31).generations().getFirst();
        assertThat(done.number()).isEqualTo(3);
        assertThat(done.text()).isEqualTo("abc");
        assertThat(done.tokens()).isEqualTo(3);
        assertThat(done.state()).isEqualTo(State.DONE);
        assertThat(done.firstMs()).isEqualTo(20);
        assertThat(done.endMs()).isEqualTo(30);
        assertThat(board.misplaced()).isZero();
    }

    @Test
    void noticesTokensThatAreMissingOrComeTwice() {
        board.sent(1, 0);
        board.read(1, 0, List.of(5), "a", false, 1);
        board.read(1, 0, List.of(5), "a", false, 2);
        board.read(1, 9, List.of(5), "a", false, 3);

        assertThat(board.misplaced()).isEqualTo(2);
    }

    @Test
    void ratesAreThoseOfTheLastSecond() {
        board.sent(1, 0);
        for (int i = 0; i <= 20; i++) {
            board.sample(i < 10 ? 0 : (i - 10) * 4L, i < 10 ? 0 : (i - 10) * 12L, i * 100L);
        }

        var frame = board.frame(2000);
        assertThat(frame.stepsPerSecond()).isCloseTo(40, within(1e-6));
        assertThat(frame.rowsPerStep()).isCloseTo(3, within(1e-6));
        assertThat(frame.overlap()).hasSize(20).startsWith(0, 0).endsWith(3, 3);
    }

    @Test
    void aScriptIsTheSameForTheSameSeed() {
        assertThat(Script.random(1, 100)).isEqualTo(script).isNotEqualTo(Script.random(2, 100));
        assertThat(script.lines()).hasSize(24).isSortedAccordingTo((a, b) -> Long.compare(a.atMs(), b.atMs()));
        assertThat(script.allAtOnce().lines()).allSatisfy(line -> assertThat(line.atMs()).isZero());
    }
}
