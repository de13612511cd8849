package dev.flover.engine.backend.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.HeadColumns;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AllHeadsTest {
    static Stream<Arguments> divisions() {
        return Stream.of(
                Arguments.of("two ranks", 4, List.of(List.of(0, 1), List.of(2, 3))),
                Arguments.of("four ranks, two heads", 2, List.of(List.of(0), List.of(0), List.of(1), List.of(1))),
                Arguments.of("three heads", 3, List.of(List.of(0, 0, 1), List.of(1, 2, 2))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("divisions")
    void aHeadIsFoundOnTheFirstRankThatHasIt(String name, int heads, List<List<Integer>> ofRanks) {
        int own = ofRanks.getFirst().size();
        var all = new AllHeads(new HeadColumns(5, own, 64), ofRanks.size(), heads);

        var inOrder = new ArrayList<Integer>();
        ofRanks.forEach(inOrder::addAll);
        for (int head = 0; head < heads; head++) {
            assertThat(all.place(head)).as("head %d", head).isEqualTo(inOrder.indexOf(head));
            assertThat(all.copies()).as("head %d", head).isEqualTo(Collections.frequency(inOrder, head));
        }
        for (int i = 0; i < inOrder.size(); i++) {
            assertThat(all.head(i / own, i % own)).as("place %d", i).isEqualTo(inOrder.get(i));
        }
    }
}
