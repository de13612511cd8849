package dev.flover.engine.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.util.List;
import org.junit.jupiter.api.Test;

class RotaryScalingTest {
    /// Expected values were computed apart, from the formulas of each scheme's publication.
    private static void frequencies(RotaryScaling scaling, int dims, double base, double... expected) {
        var found = scaling.rotary(dims, base, Pairing.HALVES).frequencies();
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
        frequencies(new RotaryScaling.Linear(4), 8, 10_000, 0.25, 0.025, 0.0025, 0.00025);
    }

    @Test
    void llama3KeepsShortWavesAndDividesLongOnes() {
        frequencies(new RotaryScaling.Llama3(8, 1, 4, 64), 8, 10_000, 1.0, 0.013042256043820465, 0.00125, 0.000125);
    }

    @Test
    void yarnBlendsLinearlyOverThePairs() {
        var yarn = new RotaryScaling.Yarn(4, 4096, 32, 1, RotaryScaling.Yarn.magnitudeFor(4));
        frequencies(yarn, 16, 10_000,
                1.0, 0.31622776601683794, 0.1, 0.02569350598886808,
                0.00625, 0.0013834964763236657, 0.00025, 7.905694150420948e-05);
        assertThat(yarn.rotary(16, 10_000, Pairing.HALVES).magnitude()).isCloseTo(1.138629436, within(1e-9));
    }

    @Test
    void longRopeDividesEachPairByItsOwn() {
        double magnitude = RotaryScaling.Divided.magnitudeFor(131_072, 4096);
        frequencies(new RotaryScaling.Divided(List.of(1.0, 2.0, 5.0, 10.0), magnitude), 8, 10_000,
                1, 0.05, 0.002, 0.0001);
        assertThat(magnitude).isCloseTo(1.190238071, within(1e-9));
    }

    @Test
    void divisorsForAnotherWidthAreRefused() {
        var three = new RotaryScaling.Divided(List.of(1.0, 1.0, 1.0), 1);

        assertThatThrownBy(() -> three.rotary(8, 10_000, Pairing.HALVES))
                .hasMessageContaining("need 4 divisors, found 3");
    }
}
