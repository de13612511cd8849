package dev.flover.topology.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.state.PartitionState.StoredAnswer;
import java.util.List;
import org.junit.jupiter.api.Test;

class BegunElsewhereTest {
    private static StoredAnswer answer(int[] ids, String model, String... arithmetic) {
        return new StoredAnswer(ids, model, List.of(arithmetic), null, null);
    }

    @Test
    void oneSentenceSaysHowManyWaitForWhichArithmeticAndHowToGoOn() {
        var elsewhere = new BegunElsewhere("m1", "cuda-3-sm90", OtherArithmetic.WAIT);
        assertThat(elsewhere.isEmpty()).isTrue();
        elsewhere.add(new StoredAnswer[] {answer(new int[] {1}, "m1", "cuda-2-sm90")});
        elsewhere.add(new StoredAnswer[] {answer(new int[] {1, 2}, "m1", "cpu-1", "cuda-2-sm90"),
            answer(new int[] {3}, "m1", "cuda-2-sm90")});
        elsewhere.add(new StoredAnswer[] {answer(new int[0], null), answer(new int[] {4}, "m2", "cpu-2")});

        assertThat(elsewhere.isEmpty()).isFalse();
        assertThat(elsewhere.sentence()).isEqualTo("3 stored generations wait for an instance of "
                + "another arithmetic or model file than cuda-3-sm90 on m1: 1 for cpu-2 on m2, 2 for cuda-2-sm90 on m1"
                + "; start one that has it, or set other-arithmetic to continue: then they continue here, and their "
                + "results name both");
    }

    @Test
    void aGenerationContinuesWithTheModelAndTheArithmeticThatItWasBegunWith() {
        var here = new BegunElsewhere("m1", "cuda-3-sm90", OtherArithmetic.WAIT);
        var begunHere = answer(new int[] {1}, "m1", "cpu-1", "cuda-3-sm90");
        var notBegun = answer(new int[0], null);

        assertThat(here.mayContinueHere(new StoredAnswer[] {begunHere, notBegun})).isTrue();
        assertThat(here.mayContinueHere(new StoredAnswer[] {begunHere, answer(new int[] {1}, "m2", "cuda-3-sm90")}))
                .isFalse();
        var otherArithmetic = new StoredAnswer[] {answer(new int[] {1}, "m1", "cuda-3-sm90", "cpu-1")};
        assertThat(here.mayContinueHere(otherArithmetic)).isFalse();
        assertThat(new BegunElsewhere("m1", "cuda-3-sm90", OtherArithmetic.CONTINUE).mayContinueHere(otherArithmetic))
                .isTrue();
    }

    @Test
    void aSingleOneIsSaidInTheSingular() {
        var elsewhere = new BegunElsewhere("m1", "cuda-3-sm90", OtherArithmetic.WAIT);
        elsewhere.add(new StoredAnswer[] {answer(new int[] {1}, "m1", "cuda-2-sm90")});

        assertThat(elsewhere.sentence()).startsWith("1 stored generation waits for an instance");
    }
}
