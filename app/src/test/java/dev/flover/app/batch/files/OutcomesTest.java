package dev.flover.app.batch.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.http.jobs.Outcome;
import dev.flover.http.jobs.OutcomeBuilder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OutcomesTest {
    private final List<Long> written = new ArrayList<>();

    private Outcomes outcomes(boolean inOrder, long... done) {
        var lines = new BitSet();
        for (long line : done) {
            lines.set((int) line);
        }
        return new Outcomes(inOrder, lines, outcome -> written.add(outcome.line()));
    }

    private static Outcome outcome(long line, int partition, long offset) {
        return OutcomeBuilder.builder().line(line).bytes(new byte[0]).promptTokens(1).completionTokens(1)
                .partition(partition).offset(offset).build();
    }

    @Test
    void aLineIsWrittenAtOnceAndOnlyOnce() {
        var outcomes = outcomes(false, 2);
        assertThat(outcomes.add(outcome(3, 0, 7))).isTrue();
        assertThat(outcomes.add(outcome(3, 0, 8))).isFalse();
        assertThat(outcomes.add(outcome(2, 0, 9))).as("done in an earlier run").isFalse();
        assertThat(written).containsExactly(3L);
        assertThat(outcomes.offsets(Map.of(0, 10L))).containsEntry(0, 10L);
    }

    @Test
    void inTheOrderOfTheInputAnOutcomeWaitsAndItsRecordIsReadAgain() {
        var outcomes = outcomes(true, 1);
        outcomes.add(outcome(5, 1, 40));      // before its line was read, as when a job goes on
        for (long line : List.of(1L, 2L, 3L, 5L)) {
            outcomes.read(line);
        }
        outcomes.add(outcome(3, 0, 20));
        assertThat(written).isEmpty();
        assertThat(outcomes.isKnown(3)).isTrue();
        assertThat(outcomes.isDone(3)).isFalse();
        assertThat(outcomes.offsets(Map.of(0, 30L, 1, 50L))).containsEntry(0, 20L).containsEntry(1, 40L);
        assertThat(outcomes.waiting()).isEqualTo(3);
        outcomes.add(outcome(2, -1, -1));
        assertThat(written).containsExactly(2L, 3L, 5L);
        assertThat(outcomes.offsets(Map.of(0, 30L, 1, 50L))).containsEntry(0, 30L).containsEntry(1, 50L);
    }

    @Test
    void aLimitOfErrorsIsANumberOrAShareOfTheLines() {
        assertThat(ErrorLimit.parse("3").isExceeded(3, 10)).isFalse();
        assertThat(ErrorLimit.parse("3").isExceeded(4, 10)).isTrue();
        assertThat(ErrorLimit.parse("2.5%").isExceeded(25, 1000)).isFalse();
        assertThat(ErrorLimit.parse("2.5%").isExceeded(26, 1000)).isTrue();
        for (String wrong : List.of("", "%", "-1", "101%", "1.5", "NaN%")) {
            assertThatThrownBy(() -> ErrorLimit.parse(wrong)).as(wrong).hasMessageContaining("--max-errors must be");
        }
    }
}
