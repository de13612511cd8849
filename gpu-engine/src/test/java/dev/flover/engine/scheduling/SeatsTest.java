package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeatsTest {
    private static final int CONTEXT = 512;
    private static final int[] PROMPT = {7, 8, 9};

    private long lastId;

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16, 64})
    void tokensTakenInAtTheSeatReachTheSequenceInOrder(int blockTokens) {
        var seats = new Seats(config(blockTokens, 1));
        var sequence = decoding(seats, TokenSet.EMPTY, 100);
        seat(seats, sequence, 0);

        for (int token = 0; token < 99; token++) {
            assertThat(seats.generated(sequence.seat)).isEqualTo(token);
            if (!seats.append(sequence.seat, token, token + 1)) {
                sequence.append(token);
                seats.update(sequence, token + 1);
            }
        }

        int[] expected = IntStream.concat(Arrays.stream(PROMPT), IntStream.range(0, 99)).toArray();
        assertThat(Arrays.copyOf(sequence.tokens(), sequence.length())).isEqualTo(expected);
        assertThat(seats.append(sequence.seat, 99, 100)).as("the last token, which ends the sequence").isFalse();
    }

    @Test
    void aTokenThatMayEndTheSequenceIsNotTakenInUnseen() {
        var seats = new Seats(config(16, 1));
        var stops = TokenSet.of(0, 2, 31_999, 128_009);
        var sequence = decoding(seats, stops, 100);
        seat(seats, sequence, 0);

        for (int stop : stops.tokens()) {
            assertThat(seats.append(sequence.seat, stop, 1)).isFalse();
        }
        assertThat(seats.append(sequence.seat, -1, 1)).as("logits that are not finite").isFalse();
        assertThat(seats.generated(sequence.seat)).isZero();
    }

    @Test
    void aTokenOfAStepThatIsNotTheNextIsTakenInByTheSequenceItself() {
        var seats = new Seats(config(16, 1));
        var sequence = decoding(seats, TokenSet.EMPTY, 100);
        seat(seats, sequence, 0);

        assertThat(seats.append(sequence.seat, 11, 1)).isTrue();
        assertThat(seats.append(sequence.seat, 12, 3)).as("step 2 drew nothing for it").isFalse();
        sequence.append(12);
        seats.update(sequence, 3);
        assertThat(seats.append(sequence.seat, 13, 4)).isTrue();

        assertThat(Arrays.copyOf(sequence.tokens(), sequence.length())).containsExactly(7, 8, 9, 11, 12, 13);
    }

    @Test
    void positionsAreAdvancedUpToTheNextBlock() {
        var seats = new Seats(config(16, 1));
        var sequence = decoding(seats, TokenSet.EMPTY, 100);
        seat(seats, sequence, 0);

        int advanced = 0;
        while (seats.advance(sequence.seat)) {
            advanced++;
        }

        assertThat(sequence.computed()).isEqualTo(16).isEqualTo(PROMPT.length + advanced);
    }

    @Test
    void aSeatIsGivenAwayOnlyWhenTheStepsThatNameItHaveEnded() {
        var seats = new Seats(config(16, 2));
        var first = decoding(seats, TokenSet.EMPTY, 100);
        seat(seats, first, 0);
        int seat = first.seat;
        seats.advance(seat); // steps 1 and 2 are in flight and draw the first two tokens
        seats.leave(first, 2);

        seats.reclaim(1);
        var second = decoding(seats, TokenSet.EMPTY, 100);
        seat(seats, second, 1);
        assertThat(second.seat).isNotEqualTo(seat);
        assertThat(seats.at(seat)).isSameAs(first);
        assertThat(first.lateTokens).isEqualTo(2);
        assertThat(seats.append(seat, 5, 1)).isFalse();

        seats.reclaim(2);
        var third = decoding(seats, TokenSet.EMPTY, 100);
        seat(seats, third, 2);
        assertThat(third.seat).isEqualTo(seat);
    }

    /// A sequence whose prompt is computed; the step that computed it draws the first token.
    private Sequence decoding(Seats seats, TokenSet stops, int maxTokens) {
        var sequence = new Sequence(
                ++lastId, SequenceRequest.of(PROMPT, SamplingParams.greedy(), maxTokens, stops), CONTEXT,
                Integer.MAX_VALUE, seats);
        sequence.prepareToRun(16, false);
        sequence.blocks.count = 1;
        return sequence;
    }

    /// Its prompt is computed, and the step that did it draws the first token.
    private static void seat(Seats seats, Sequence sequence, long endedSteps) {
        seats.seat(sequence, endedSteps);
        seats.plan(sequence, PROMPT.length);
        seats.update(sequence, endedSteps);
    }

    private static EngineConfig config(int blockTokens, int stepsInFlight) {
        return EngineConfig.of(2, 8).with(c -> c.blockTokens(blockTokens).kvBlocks(CONTEXT / blockTokens)
                .stepsInFlight(stepsInFlight).prefixCaching(false));
    }
}
