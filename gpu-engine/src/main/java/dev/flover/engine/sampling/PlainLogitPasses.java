package dev.flover.engine.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// The plain implementation, one token after another. The oracle for the faster ones.
final class PlainLogitPasses implements LogitPasses {
    @Override
    public float greatest(MemorySegment logits, int count, boolean masked) {
        float greatest = Float.NEGATIVE_INFINITY;
        float least = Float.POSITIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            float logit = logits.getAtIndex(JAVA_FLOAT, i);
            greatest = Math.max(greatest, logit);
            least = Math.min(least, logit);
        }
        boolean finite = greatest < Float.POSITIVE_INFINITY && (masked || least > Float.NEGATIVE_INFINITY);
        return finite ? greatest : Float.NaN;
    }

    @Override
    public long weigh(
            MemorySegment logits, int count, float greatest, float temperature,
            MemorySegment masses, MemorySegment totals, MemorySegment maxima) {
        long sum = 0;
        for (int first = 0; first < count; first += CHUNK) {
            long total = 0;
            float most = 0;
            for (int i = first; i < Math.min(first + CHUNK, count); i++) {
                long mass = mass((logits.getAtIndex(JAVA_FLOAT, i) - greatest) / temperature);
                masses.setAtIndex(JAVA_FLOAT, i, mass);
                total += mass;
                most = Math.max(most, mass);
            }
            totals.setAtIndex(JAVA_LONG, first / CHUNK, total);
            maxima.setAtIndex(JAVA_FLOAT, first / CHUNK, most);
            sum += total;
        }
        return sum;
    }

    /// The mass of a token.
    ///
    /// @param exponent the token's logit minus the greatest one, divided by the temperature; at most 0
    static long mass(float exponent) {
        return (long) (Exponential.exp(exponent) * Masses.UNIT);
    }
}
