package dev.flover.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExponentialTest {
    @Test
    void staysWithinItsStatedErrorOverItsWholeRange() {
        double worst = 0;
        for (int i = 0; i <= 640_000; i++) {
            float x = -i / 10_000f;
            double exact = StrictMath.exp(x);
            worst = Math.max(worst, Math.abs(Exponential.exp(x) - exact) / exact);
        }
        assertThat(worst).isLessThan(0x1p-22);
    }

    @Test
    void isOneAtZeroAndWithoutMassFarBelow() {
        assertThat(Exponential.exp(0f)).isEqualTo(1f);
        assertThat(Exponential.exp(-0f)).isEqualTo(1f);
        assertThat(PlainLogitPasses.mass(0)).isEqualTo(1L << 40);
        assertThat(PlainLogitPasses.mass(-28)).isZero();
        assertThat(PlainLogitPasses.mass(-1e30f)).isZero();
        assertThat(PlainLogitPasses.mass(Float.NEGATIVE_INFINITY)).isZero();
    }

    /// Expects the bits that the same formula gives in C (gcc 12, fmaf).
    @Test
    void givesTheseBits() {
        assertThat(Float.floatToRawIntBits(Exponential.exp(-0.1f))).isEqualTo(0x3f67a36d);
        assertThat(Float.floatToRawIntBits(Exponential.exp(-1f))).isEqualTo(0x3ebc5ab2);
        assertThat(Float.floatToRawIntBits(Exponential.exp(-5.5f))).isEqualTo(0x3b85ea53);
        assertThat(Float.floatToRawIntBits(Exponential.exp(-20.25f))).isEqualTo(0x30dc9ef1);
    }
}
