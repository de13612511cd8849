package dev.flover.engine.sampling;

import java.lang.foreign.MemorySegment;

/// The passes over a whole row of logits that a draw needs. Every implementation returns the same bits.
public interface LogitPasses {
    /// The number of consecutive tokens whose masses have a common sum.
    int CHUNK = 64;

    /// The greatest logit; NaN if any logit is not a finite number.
    ///
    /// @param masked whether logits may also be `-Infinity`, which is then the result if all are
    float greatest(MemorySegment logits, int count, boolean masked);

    /// Computes the mass of every token, `floor(exp((logit - greatest) / temperature) * 2^40)`.
    ///
    /// @param masses receives the masses as floats, which represent these integers exactly; `count` of them, rounded up
    ///               to a multiple of [#CHUNK]
    /// @param totals receives the sum of each [#CHUNK] masses, as longs
    /// @param maxima receives the greatest of each [#CHUNK] masses, as floats
    /// @return the sum of all masses
    long weigh(
            MemorySegment logits, int count, float greatest, float temperature,
            MemorySegment masses, MemorySegment totals, MemorySegment maxima);
}
