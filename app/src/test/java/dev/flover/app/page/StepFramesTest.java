package dev.flover.app.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.api.StepTrace.Kind;
import org.junit.jupiter.api.Test;

class StepFramesTest {
    private final StepFrames frames = new StepFrames(0);

    private JsonNode take() throws JsonProcessingException {
        return new ObjectMapper().readTree("{" + frames.take() + "}");
    }

    private void step(int number, int sequences) {
        frames.entry(Kind.STEP, 0, 0, number, 1_000_000L * number);
        for (int i = 0; i < sequences; i++) {
            frames.entry(Kind.DECODE, i, 0, 10 + i, 0);
        }
        frames.entry(Kind.STEP_END, 0, 0, number, 1_000_000L * number + 700_000);
    }

    @Test
    void aStepIsShownWhenItHasEndedAndRepeatsNoListThatHasNotChanged() throws JsonProcessingException {
        step(1, 2);
        step(2, 2);
        step(3, 1);
        frames.entry(Kind.STEP, 0, 0, 4, 4_000_000);
        frames.entry(Kind.PREFILL, 3, 64, 20, 12);

        var steps = take().get("steps");

        assertThat(steps).hasToString("[{\"n\":1,\"t\":1000,\"d\":700,\"q\":[10,11],\"s\":[0,1]},"
                + "{\"n\":2,\"t\":2000,\"d\":700},{\"n\":3,\"t\":3000,\"d\":700,\"q\":[10],\"s\":[0]}]");
        frames.entry(Kind.STEP_END, 0, 0, 4, 4_500_000);
        assertThat(take().get("steps")).as("the first step of a frame has all lists").hasToString(
                "[{\"n\":4,\"t\":4000,\"d\":500,\"q\":[],\"s\":[],\"p\":[[20,3,64,12]]}]");
    }

    @Test
    void aStepThatWaitedForTheOneBeforeItLastsFromThatOnesEnd() throws JsonProcessingException {
        frames.entry(Kind.STEP, 0, 0, 1, 0);
        frames.entry(Kind.STEP, 0, 0, 2, 100_000);
        frames.entry(Kind.STEP_END, 0, 0, 1, 3_000_000);
        frames.entry(Kind.STEP_END, 0, 0, 2, 5_000_000);

        var steps = take().get("steps");

        assertThat(steps.get(0).get("d").asInt()).isEqualTo(3000);
        assertThat(steps.get(1).get("d").asInt()).isEqualTo(2000);
        assertThat(frames.takeBusyNanos()).isEqualTo(5_000_000);
    }

    @Test
    void tokensCountAsCommittedOnlyAfterACommit() throws JsonProcessingException {
        frames.entry(Kind.SENT, 0, 0, 10, 4);
        assertThat(take().has("k")).isFalse();
        frames.entry(Kind.SENT, 0, 0, 10, 6);
        frames.entry(Kind.COMMIT, 0, 0, 0, 9);
        frames.entry(Kind.SENT, 0, 0, 10, 7);
        assertThat(take().get("k")).hasToString("[[10,6]]");
    }

    @Test
    void movesPreemptionsAndLeavesBelongToTheirSteps() throws JsonProcessingException {
        frames.entry(Kind.PREEMPT, 0, 0, 11, 0);
        frames.entry(Kind.STEP, 0, 0, 1, 0);
        frames.entry(Kind.MOVE, 5, 2, 10, 0);
        frames.entry(Kind.DECODE, 2, 0, 10, 0);
        frames.entry(Kind.STEP_END, 0, 0, 1, 1000);
        frames.entry(Kind.LEAVE, 0, 0, 10, 0);

        var frame = take();

        assertThat(frame.get("steps").get(0).get("m")).hasToString("[[5,2,10]]");
        assertThat(frame.get("steps").get(0).get("x")).hasToString("[11]");
        assertThat(frame.get("l")).hasToString("[[1,10]]");
    }

    @Test
    void whatIsLeftOfAStepWhoseBeginningWasLostIsNotShown() throws JsonProcessingException {
        frames.lost(100);
        frames.entry(Kind.DECODE, 0, 0, 10, 0);
        frames.entry(Kind.STEP_END, 0, 0, 6, 1000);
        step(7, 1);

        var frame = take();

        assertThat(frame.get("lost").asInt()).isEqualTo(100);
        assertThat(frame.get("steps")).hasSize(1);
        assertThat(frame.get("steps").get(0).get("n").asInt()).isEqualTo(7);
    }
}
