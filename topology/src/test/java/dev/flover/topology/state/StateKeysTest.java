package dev.flover.topology.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.Test;

class StateKeysTest {
    private static byte[] id(String id) {
        return id.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void segmentsSortByRequestAnswerAndPosition() {
        var inOrder = List.of(
                StateKeys.segment(id("a"), 0, 0), StateKeys.segment(id("a"), 0, 9), StateKeys.segment(id("a"), 0, 300),
                StateKeys.segment(id("a"), 2, 0), StateKeys.segment(id("b"), 0, 5), StateKeys.segment(id("aa"), 0, 0));
        var shuffled = new ArrayList<>(inOrder);
        shuffled.sort(null);
        assertThat(shuffled).isEqualTo(inOrder);
    }

    @Test
    void theRangeOfARequestHoldsItsSegmentsAndNoOthers() {
        byte[] longest = new byte[256];
        Arrays.fill(longest, (byte) 0x7f);
        for (byte[] id : List.of(id("a"), id("a\0"), id("ab"), longest)) {
            var range = List.of(StateKeys.firstSegment(id), StateKeys.lastSegment(id));
            for (byte[] other : List.of(id("a"), id("a\0"), id("ab"), id("b"), longest)) {
                for (int answer : new int[] {0, 1, 255}) {
                    var key = StateKeys.segment(other, answer, 70_000);
                    boolean within = key.compareTo(range.get(0)) >= 0 && key.compareTo(range.get(1)) <= 0;
                    assertThat(within).isEqualTo(Arrays.equals(id, other));
                }
            }
        }
    }

    @Test
    void aKeySaysWhatItWasMadeOf() {
        var key = StateKeys.segment(id("some id"), 300, 123_456);
        assertThat(StateKeys.answerOf(key)).isEqualTo(300);
        assertThat(StateKeys.positionOf(key)).isEqualTo(123_456);
        assertThat(StateKeys.offsetOf(StateKeys.offset(1L << 40))).isEqualTo(1L << 40);
        assertThat(StateKeys.offset(5)).isLessThan(StateKeys.offset(1L << 40)).isInstanceOf(Bytes.class);
    }
}
