package dev.flover.engine.sampling;

/// The exponential function with the same bits on every machine, in the interpreter and in compiled code. It is easy to
/// repeat in C or CUDA: float operations in a fixed order, each rounded once, with `fma` where the code writes it.
///
/// `x = n ln 2 + r` with `|r| <= ln 2 / 2` (Cody and Waite's two-part ln 2), then `exp(x) = 2^n * P(r)`, where P is the
/// Taylor polynomial of degree 7 by Horner's rule. Its relative error is below 2^-22.
public final class Exponential {
    /// Arguments below this value give `exp(LEAST)`, which is so small that its mass is 0.
    static final float LEAST = -64;

    private static final float LOG2_E = 0x1.715476p0f;
    private static final float LN2_HIGH = 0x1.62e4p-1f;
    private static final float LN2_LOW = 0x1.7f7d1cp-20f;
    /// Adding this constant to a float of small magnitude rounds it to an integer, ties to even.
    private static final float ROUNDER = 0x1.8p23f;

    private Exponential() {}

    /// `exp(x)` for `x <= 0`; exactly 1 at 0.
    public static float exp(float x) {
        float argument = Math.max(x, LEAST);
        float n = Math.fma(argument, LOG2_E, ROUNDER) - ROUNDER;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, argument));
        float p = Math.fma(r, 1 / 5040f, 1 / 720f);
        p = Math.fma(p, r, 1 / 120f);
        p = Math.fma(p, r, 1 / 24f);
        p = Math.fma(p, r, 1 / 6f);
        p = Math.fma(p, r, 0.5f);
        p = Math.fma(p, r, 1);
        p = Math.fma(p, r, 1);
        return p * Float.intBitsToFloat((int) n + 127 << 23);
    }
}
