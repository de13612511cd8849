package dev.flover.engine.sampling;

/// Philox4x32-10, a counter-based random number generator without state: ten rounds of multiplication turn a counter
/// and a key into random bits (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
final class Philox {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final long WORD = 0xFFFFFFFFL;

    private Philox() {}

    /// The random bits of one draw: output words 0 and 1 for the counter (position, answer index, 0, 0) under the key
    /// (low half of the seed, high half of the seed).
    public static long draw(long seed, int answerIndex, int position) {
        return firstHalf(position & WORD | (long) answerIndex << 32, 0, seed);
    }

    /// The first two of the four output words: word 0 in the low half of the result, word 1 in the high half.
    ///
    /// @param counterLow  the counter's words 0 (in the low half) and 1
    /// @param counterHigh the counter's words 2 (in the low half) and 3
    /// @param key         the key's words 0 (in the low half) and 1
    static long firstHalf(long counterLow, long counterHigh, long key) {
        int counter0 = (int) counterLow;
        int counter1 = (int) (counterLow >>> 32);
        int counter2 = (int) counterHigh;
        int counter3 = (int) (counterHigh >>> 32);
        int key0 = (int) key;
        int key1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * (counter0 & WORD);
            long product1 = MULTIPLIER_1 * (counter2 & WORD);
            counter0 = (int) (product1 >>> 32) ^ counter1 ^ key0;
            counter1 = (int) product1;
            counter2 = (int) (product0 >>> 32) ^ counter3 ^ key1;
            counter3 = (int) product0;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
        return (long) counter1 << 32 | counter0 & WORD;
    }
}
