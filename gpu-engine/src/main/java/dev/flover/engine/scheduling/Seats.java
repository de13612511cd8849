package dev.flover.engine.scheduling;

import dev.flover.engine.api.EngineConfig;

/// The numbers of the running sequences that every step needs, as one array for each number.
///
/// A step evicts the scheduler's data from the caches, so the cost of planning and committing is the amount of memory
/// that they touch, and whether the hardware can prefetch it. A sequence that only draws one token after another is
/// therefore advanced here, in a few dense arrays. The sequence object itself is touched only when more than that can
/// happen to it:
///
/// ```
///   seat             0     1     2     3
///   computed        39    64   120     7     a plan advances it while it is below plannedAlone:
///   plannedAlone    48    64   127     0       the next position needs a block; the last; a prompt to compute
///   generated       29     3   112     2     a commit advances it while it is below takenAlone:
///   takenAlone      63    63   118    63       the next token is to be copied, or is the last
///   phase           12    38   -71    39       and drawn by step phase + generated, the one after the last one's
/// ```
///
/// These numbers are stored nowhere else: a sequence asks its seat for them. The newest tokens are here until the
/// sequence is asked for its tokens. Unlike a slot, a seat is not given to another sequence while a step in flight
/// refers to it; so the seat of a drawn token always identifies its sequence, even if that has ended or was preempted.
final class Seats {
    static final int NONE = -1;

    /// The slot of a sequence that joins in the step being planned, until the plan gives it one.
    static final int NO_SLOT = -1;

    /// The most tokens that are drawn before they are copied to the sequence object.
    private static final int MOST_RECENT = 64;

    private final int blockTokens;
    private final boolean prefixCaching;

    private final Sequence[] sequences;
    private final int[] slots;
    private final int[] computed;
    private final int[] plannedAlone;

    /// Changes whenever a slot of a seated sequence changes.
    private long placement;

    private final long[] ids;
    private final byte[] topLogprobs;
    private final int[] generated;
    private final int[] takenAlone;
    private final int[] phases;
    private final long[] stopFilters;

    // The newest tokens: one row for each of the last steps, indexed by seat, so that a step writes to one range of
    // memory
    private final int[] recent;

    private final int[] free;
    private int freeCount;

    // A ring of the seats that were left, and for each the newest step planned before; oldest first
    private final int[] left;
    private final long[] leftAfter;
    private int firstLeft;
    private int leftCount;

    Seats(EngineConfig config) {
        blockTokens = config.blockTokens();
        prefixCaching = config.prefixCaching();
        // one seat for each running sequence, and one for each sequence to which a step in flight may still refer
        int seats = config.maxSequences() * (1 + config.stepsInFlight());
        sequences = new Sequence[seats];
        slots = new int[seats];
        computed = new int[seats];
        plannedAlone = new int[seats];
        ids = new long[seats];
        topLogprobs = new byte[seats];
        generated = new int[seats];
        takenAlone = new int[seats];
        phases = new int[seats];
        stopFilters = new long[seats];
        recent = new int[seats * MOST_RECENT];
        free = new int[seats];
        for (int i = 0; i < seats; i++) {
            free[i] = seats - 1 - i;
        }
        freeCount = seats;
        left = new int[seats];
        leftAfter = new long[seats];
    }

    /// Gives a seat to a sequence that begins to run. The positions of the blocks that it shares count as computed.
    ///
    /// @param endedSteps as in [#update]
    void seat(Sequence sequence, long endedSteps) {
        assert sequence.seat == NONE;
        int seat = free[--freeCount];
        sequences[seat] = sequence;
        slots[seat] = NO_SLOT;
        computed[seat] = sequence.indexedBlocks * blockTokens;
        generated[seat] = sequence.generated();
        sequence.seat = seat;
        ids[seat] = sequence.id;
        topLogprobs[seat] = (byte) sequence.topLogprobs;
        stopFilters[seat] = filterOf(sequence.stopIds().tokens());
        update(sequence, endedSteps);
    }

    /// Takes the seat from a sequence that no longer runs. Steps in flight may still refer to the seat.
    ///
    /// @param plannedSteps the number of the newest step planned so far
    void leave(Sequence sequence, long plannedSteps) {
        int seat = sequence.seat;
        sequence.lateTokens = Math.max(0, computed[seat] + 1 - sequence.length());
        sequence.leave();
        takenAlone[seat] = 0;
        int last = (firstLeft + leftCount++) % left.length;
        left[last] = seat;
        leftAfter[last] = plannedSteps;
    }

    /// Frees the left seats to which no step after `endedSteps` refers.
    void reclaim(long endedSteps) {
        while (leftCount > 0 && leftAfter[firstLeft] <= endedSteps) {
            int seat = left[firstLeft];
            sequences[seat] = null;
            free[freeCount++] = seat;
            firstLeft = (firstLeft + 1) % left.length;
            leftCount--;
        }
    }

    /// The number of seats that are neither free nor freed by [#reclaim] once steps up to `endedSteps` have ended:
    /// sequences have them, or they were left and a later step refers to them or to one left before.
    int held(long endedSteps) {
        int reclaimable = 0;
        while (reclaimable < leftCount && leftAfter[(firstLeft + reclaimable) % left.length] <= endedSteps) {
            reclaimable++;
        }
        return free.length - freeCount - reclaimable;
    }

    /// The sequence that has the seat, or had it last.
    Sequence at(int seat) {
        return sequences[seat];
    }

    int slot(int seat) {
        return slots[seat];
    }

    void move(Sequence sequence, int slot) {
        slots[sequence.seat] = slot;
        placement++;
    }

    /// Plans one more position, if nothing else is due for the sequence.
    ///
    /// @return false if the sequence object must be consulted
    boolean advance(int seat) {
        if (computed[seat] >= plannedAlone[seat]) {
            return false;
        }
        computed[seat]++;
        return true;
    }

    /// Writes the draws of a step at the beginning of its plan.
    void writeDraws(Step step) {
        step.writeDraws(slots, placement);
    }

    /// Processes a drawn token, if nothing else follows from it.
    ///
    /// @param step the number of the step that drew it
    /// @return false if the sequence object must be consulted
    boolean append(int seat, int token, long step) {
        int index = generated[seat];
        if (index >= takenAlone[seat] || index + phases[seat] != (int) step
                || token < 0 || (stopFilters[seat] >>> filterBit(token) & 1) != 0) {
            return false;
        }
        recent[recentAt(seat, (int) step)] = token;
        generated[seat] = index + 1;
        return true;
    }

    private int recentAt(int seat, int step) {
        return (step & MOST_RECENT - 1) * sequences.length + seat;
    }

    long id(int seat) {
        return ids[seat];
    }

    /// A token of the answer that is not in the sequence object yet.
    int recent(int seat, int index) {
        return recent[recentAt(seat, index + phases[seat])];
    }

    /// Counts a token that the sequence object has appended itself.
    void appended(int seat) {
        generated[seat]++;
    }

    /// The number of tokens in the answer.
    int generated(int seat) {
        return generated[seat];
    }

    /// The number of positions that the planned steps compute.
    int computed(int seat) {
        return computed[seat];
    }

    int topLogprobs(int seat) {
        return topLogprobs[seat];
    }

    /// Plans more positions of a sequence; [#replan] or [#update] has to follow.
    void plan(Sequence sequence, int positions) {
        computed[sequence.seat] += positions;
    }

    /// Computes how far the sequence can be planned without its object.
    void replan(Sequence sequence) {
        plannedAlone[sequence.seat] = plannedAlone(sequence);
    }

    /// Computes how far the sequence can be planned, and its tokens be taken in, without its object.
    ///
    /// @param endedSteps the number of the newest step whose tokens have been processed
    void update(Sequence sequence, long endedSteps) {
        sequence.tokens();      // copies the newest tokens, which are found by the phase that changes now
        int seat = sequence.seat;
        takenAlone[seat] = takenAlone(sequence);
        phases[seat] = (int) endedSteps + 1 - generated[seat];
        replan(sequence);
    }

    private int plannedAlone(Sequence sequence) {
        return sequence.prefilling() ? 0 : Math.min(sequence.blocks.count * blockTokens, sequence.mostComputed());
    }

    private int takenAlone(Sequence sequence) {
        int length = sequence.length();
        int end = length + MOST_RECENT;
        if (prefixCaching) { // a full block must be indexed as soon as it is computed
            end = Math.min(end, (sequence.indexedBlocks + 1) * blockTokens);
        }
        return Math.min(end, sequence.mostBeforeChange()) - 1 - sequence.promptLength();
    }

    /// A Bloom filter of a set of tokens, in 64 bits: the bit of every token in the set is 1, and tokens outside of the
    /// set may share these bits.
    private static long filterOf(int[] tokens) {
        long filter = 0;
        for (int token : tokens) {
            filter |= 1L << filterBit(token);
        }
        return filter;
    }

    private static int filterBit(int token) {
        return token * 0x9E3779B9 >>> 26;
    }
}
