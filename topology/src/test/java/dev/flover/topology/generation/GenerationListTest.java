package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.topology.generation.GenerationList.Row;
import dev.flover.topology.generation.GenerationList.State;
import org.junit.jupiter.api.Test;

class GenerationListTest {
    private static final int SLOTS = 2;
    private static final int SECOND_OF_TICKS = 1000;

    private final SimulatedProcess process = SimulatedProcess.of(2, SLOTS);
    private final String text = "x".repeat(3 * SECOND_OF_TICKS);

    @Test
    void liveAndWaitingGenerationsAreListedWithTheirProgress() {
        process.list.ask();
        process.send(0, request("a", ">" + text).setTenant("acme").setMaxTokens(5000).build());
        process.send(1, request("b", ">" + text).setMaxTokens(5000).build());
        process.send(1, request("c", ">" + text).setMaxTokens(5000).build());
        process.ticks(4);
        process.list.ask();
        process.ticks(SECOND_OF_TICKS);

        var rows = process.list.published();

        assertThat(rows).extracting(Row::id).containsExactly("a", "b", "c");
        assertThat(rows).extracting(Row::state).containsExactly(State.LIVE, State.LIVE, State.WAITING);
        assertThat(rows).extracting(Row::partition).containsExactly(0, 1, 1);
        assertThat(rows.get(0).tenant()).isEqualTo("acme");
        assertThat(rows.get(0).tokens()).isBetween(1, text.length());
        assertThat(rows.get(0).maxTokens()).isEqualTo(5000);
        assertThat(rows.get(2).tokens()).isZero();
        assertThat(rows.get(2).promptTokens()).isEqualTo(text.length() + 1);
    }

    @Test
    void nothingIsPublishedUnlessSomebodyAsksAndThenOnceASecond() {
        process.send(0, request("a", ">" + text).setMaxTokens(5000).build());
        process.ticks(10);
        assertThat(process.list.published()).as("nobody asked").isEmpty();

        process.list.ask();
        process.tick();
        int first = process.list.published().getFirst().tokens();
        process.ticks(50);
        assertThat(process.list.published().getFirst().tokens()).as("within the same second").isEqualTo(first);
        process.ticks(SECOND_OF_TICKS);
        int second = process.list.published().getFirst().tokens();
        assertThat(second).isGreaterThan(first);
        process.ticks(5 * SECOND_OF_TICKS);
        assertThat(process.list.published()).as("the last copy of a reader that has left").isNotEmpty();
    }
}
