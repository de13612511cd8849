package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.util.List;
import org.junit.jupiter.api.Test;

class RotaryScalingTest {
    private static final int CONTEXT = 4096;

    /// Compares frequencies. The expected values were computed independently, from the formulas in each scheme's
    /// publication.
    private static void frequencies(RotaryScaling scaling, int dims, double base, double... expected) {
        var found = scaling.rotary(dims, base, Pairing.HALVES, CONTEXT).frequencies();
        assertThat(found).hasSize(expected.length);
        for (int pair = 0; pair < expected.length; pair++) {
            assertThat(found.get(pair)).as("pair " + pair).isCloseTo(expected[pair], within(expected[pair] * 1e-9));
        }
    }

    @Test
    void withoutScalingEachPairTurnsSlowerByTheSameRatio() {
        frequencies(new RotaryScaling.None(), 8, 10_000, 1, 0.1, 0.01, 0.001);
    }

    @Test
    void linearScalingDividesThemAll() {
        frequencies(new RotaryScaling.Linear(4, 1), 8, 10_000, 0.25, 0.025, 0.0025, 0.00025);
    }

    @Test
    void llama3KeepsShortWavesAndDividesLongOnes() {
        frequencies(new RotaryScaling.Llama3(8, 1, 4, 64), 8, 10_000, 1.0, 0.013042256043820465, 0.00125, 0.000125);
    }

    @Test
    void yarnBlendsLinearlyOverThePairs() {
        var yarn = new RotaryScaling.Yarn(4, 4096, 32, 1, true, RotaryScaling.Yarn.magnitudeFor(4));
        frequencies(yarn, 16, 10_000,
                1.0, 0.31622776601683794, 0.1, 0.02569350598886808,
                0.00625, 0.0013834964763236657, 0.00025, 7.905694150420948e-05);
        assertThat(yarn.rotary(16, 10_000, Pairing.HALVES, CONTEXT).magnitude()).isCloseTo(1.138629436, within(1e-9));
    }

    @Test
    void yarnMayBlendFromAndToFractionsOfPairs() {
        frequencies(new RotaryScaling.Yarn(4, 4096, 32, 1, false, 1), 16, 10_000,
                1.0, 0.31622776601683794, 0.1, 0.02861360881198889,
                0.006556971521129435, 0.0012856320307266882, 0.00025, 7.905694150420948e-05);
    }

    @Test
    void longRopeDividesEachPairByItsOwnAndByAnotherInLongSequences() {
        double magnitude = RotaryScaling.LongRope.magnitudeFor(32, 4096);
        var scaling = new RotaryScaling.LongRope(
                new RotaryScaling.Divided(List.of(1.0, 2.0, 5.0, 10.0), magnitude),
                new RotaryScaling.Divided(List.of(2.0, 4.0, 10.0, 20.0), magnitude), 100);
        frequencies(scaling, 8, 10_000, 1, 0.05, 0.002, 0.0001);
        assertThat(magnitude).isCloseTo(1.190238071, within(1e-9));

        var rotary = scaling.rotary(8, 10_000, Pairing.HALVES, 101);
        assertThat(rotary.angle(99, 0)).isEqualTo(99); // the last position of a short sequence
        assertThat(rotary.angle(-1, 0)).isEqualTo(99 * 0.5); // the same position of a long sequence
        assertThat(rotary.angle(-100, 0)).isZero();
        assertThat(rotary.angle(100, 0)).isEqualTo(100 * 0.5); // only long sequences have this position
        assertThat(scaling.rotary(8, 10_000, Pairing.HALVES, 100).stretch()).isNull();
    }

    @Test
    void divisorsForAnotherWidthAreRefused() {
        var three = new RotaryScaling.Divided(List.of(1.0, 1.0, 1.0), 1);

        assertThatThrownBy(() -> three.rotary(8, 10_000, Pairing.HALVES, CONTEXT))
                .hasMessageContaining("need 4 divisors, found 3");
    }
}
