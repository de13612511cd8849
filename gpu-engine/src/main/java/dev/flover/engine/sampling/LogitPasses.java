package dev.flover.engine.sampling;

import java.lang.foreign.MemorySegment;

/// The passes over a whole row of logits that a draw needs. Every implementation gives the same bits.
public interface LogitPasses {
    /// Tokens whose masses are summed together.
    int CHUNK = 64;

    /// The greatest logit; NaN where one is not a finite number.
    ///
    /// @param masked whether logits may also be `-Infinity`; it is returned where all are
    float greatest(MemorySegment logits, int count, boolean masked);

    /// Finds every token's mass, `floor(exp((logit - greatest) / temperature) * 2^40)`, and returns their sum.
    ///
    /// @param masses receives floats, which hold these whole numbers exactly; `count` of them, rounded up to [#CHUNK]
    /// @param totals receives the sum of each [#CHUNK] masses, longs
    /// @param maxima receives the greatest of each [#CHUNK] masses, floats
    long weigh(
            MemorySegment logits, int count, float greatest, float temperature,
            MemorySegment masses, MemorySegment totals, MemorySegment maxima);
}
