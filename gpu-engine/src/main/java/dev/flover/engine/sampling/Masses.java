package dev.flover.engine.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The masses of all tokens, in chunks that hold their sum and their greatest mass, so that most chunks need not be
/// read.
///
/// ```
///   chunk 0: sum, greatest   chunk 1: sum, greatest   ...
///   │ 64 masses              │ 64 masses
/// ```
///
/// The masses of a chunk whose sum is 0 are never read; they may be values of an earlier draw.
final class Masses {
    /// The mass of the most probable token. A token that is less than 2^-40 times as probable has mass 0.
    static final float UNIT = 0x1p40f;

    private static final int CHUNK = LogitPasses.CHUNK;

    private final int vocabulary;
    private final int chunks;
    private final MemorySegment masses;
    private final MemorySegment totals;
    private final MemorySegment maxima;
    private long total;

    Masses(int vocabulary) {
        this.vocabulary = vocabulary;
        chunks = Math.ceilDiv(vocabulary, CHUNK);
        var arena = Arena.ofAuto();
        masses = arena.allocate(4L * CHUNK * chunks, 64);
        totals = arena.allocate(8L * chunks, 64);
        maxima = arena.allocate(4L * chunks, 64);
    }

    void weigh(LogitPasses passes, MemorySegment logits, float greatest, float temperature) {
        total = passes.weigh(logits, vocabulary, greatest, temperature, masses, totals, maxima);
    }

    int vocabulary() {
        return vocabulary;
    }

    long total() {
        return total;
    }

    int chunks() {
        return chunks;
    }

    long chunkTotal(int chunk) {
        return totals.getAtIndex(JAVA_LONG, chunk);
    }

    /// An upper bound of the masses in the chunk.
    float chunkMaximum(int chunk) {
        return maxima.getAtIndex(JAVA_FLOAT, chunk);
    }

    /// The index behind the chunk's last token.
    int chunkEnd(int chunk) {
        return Math.min(CHUNK * (chunk + 1), vocabulary);
    }

    /// The mass of a token, an integer. Defined only if the sum of the token's chunk is not 0.
    float get(int token) {
        return masses.getAtIndex(JAVA_FLOAT, token);
    }

    /// Removes the tokens whose mass is below `least`, and those with exactly this mass after `lastToken`.
    void keep(float least, int lastToken) {
        long kept = 0;
        for (int chunk = 0; chunk < chunks; chunk++) {
            long left = 0;
            if (chunkMaximum(chunk) >= least && chunkTotal(chunk) > 0) {
                for (int token = CHUNK * chunk; token < chunkEnd(chunk); token++) {
                    float mass = get(token);
                    if (mass < least || mass == least && token > lastToken) {
                        masses.setAtIndex(JAVA_FLOAT, token, 0);
                    } else {
                        left += (long) mass;
                    }
                }
            }
            totals.setAtIndex(JAVA_LONG, chunk, left);
            kept += left;
        }
        total = kept;
    }

    /// Removes one token, by setting its mass to 0.
    void remove(int token) {
        long mass = (long) get(token);
        masses.setAtIndex(JAVA_FLOAT, token, 0);
        totals.setAtIndex(JAVA_LONG, token / CHUNK, chunkTotal(token / CHUNK) - mass);
        total -= mass;
    }

    /// The first token, in vocabulary order, with which the cumulative mass exceeds `u`.
    ///
    /// @param u less than the sum of all masses
    int find(long u) {
        long before = 0;
        int chunk = 0;
        while (before + chunkTotal(chunk) <= u) {
            before += chunkTotal(chunk++);
        }
        int token = CHUNK * chunk;
        while ((before += (long) get(token)) <= u) {
            token++;
        }
        return token;
    }
}
