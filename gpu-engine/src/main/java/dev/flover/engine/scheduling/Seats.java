package dev.flover.engine.scheduling;

import dev.flover.engine.api.EngineConfig;

/// What every step asks of the running sequences, a column for each question.
///
/// A step leaves nothing of the scheduler in the caches, so what planning and committing cost is how much memory they
/// touch, and whether it can be foreseen. A sequence that only draws one token after the other is advanced here, in a
/// few dense arrays; it is looked at itself where something can happen to it:
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
/// The sequence itself falls behind until [#recall] brings it up to date; [#update] is the other way. Unlike a slot, a
/// seat is not given away while a step under way names it, so that what is drawn is known to be its sequence's even if
/// that has ended or was preempted.
final class Seats {
    static final int NONE = -1;

    /// Most tokens that are drawn before they are copied to the sequence.
    private static final int MOST_RECENT = 64;

    private final int blockTokens;
    private final boolean prefixCaching;

    private final Sequence[] sequences;
    private final int[] slots;
    private final int[] computed;
    private final int[] plannedAlone;

    /// Another number whenever one of the slots has changed.
    private long placement;

    private final long[] ids;
    private final byte[] topLogprobs;
    private final int[] generated;
    private final int[] takenAlone;
    private final int[] phases;
    private final long[] stopFilters;

    // The newest tokens, a row for each of the last steps: seat for seat, so that a step writes one piece
    private final int[] recent;

    private final int[] free;
    private int freeCount;

    // Seats that were left, and the newest step planned before: from the first to the last, in a ring
    private final int[] left;
    private final long[] leftAfter;
    private int firstLeft;
    private int leftCount;

    Seats(EngineConfig config) {
        blockTokens = config.blockTokens();
        prefixCaching = config.prefixCaching();
        int seats = config.maxSequences() * (1 + config.stepsInFlight());     // those that run, and those of each step
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

    /// Gives a sequence that begins to run its seat.
    ///
    /// @param endedSteps as in [#update]
    void seat(Sequence sequence, long endedSteps) {
        assert sequence.seat == NONE;
        int seat = free[--freeCount];
        sequence.seat = seat;
        sequences[seat] = sequence;
        ids[seat] = sequence.id;
        topLogprobs[seat] = (byte) sequence.topLogprobs;
        stopFilters[seat] = filterOf(sequence.stopIds().tokens());
        update(sequence, endedSteps);
    }

    /// Takes its seat from a sequence that no longer runs; steps that are under way go on naming it.
    ///
    /// @param plannedSteps the newest of them
    void leave(Sequence sequence, long plannedSteps) {
        recall(sequence);
        int seat = sequence.seat;
        sequence.lateTokens = Math.max(0, computed[seat] + 1 - sequence.length());
        sequence.seat = NONE;
        takenAlone[seat] = 0;
        int last = (firstLeft + leftCount++) % left.length;
        left[last] = seat;
        leftAfter[last] = plannedSteps;
    }

    /// Frees the seats that only steps up to this one have named.
    void reclaim(long endedSteps) {
        while (leftCount > 0 && leftAfter[firstLeft] <= endedSteps) {
            int seat = left[firstLeft];
            sequences[seat] = null;
            free[freeCount++] = seat;
            firstLeft = (firstLeft + 1) % left.length;
            leftCount--;
        }
    }

    /// Whose seat it is, or was until it left; not brought up to date.
    Sequence at(int seat) {
        return sequences[seat];
    }

    void move(Sequence sequence, int slot) {
        sequence.slot = slot;
        slots[sequence.seat] = slot;
        placement++;
    }

    /// Plans one more position, if nothing else is to be done for it.
    ///
    /// @return false if the sequence itself must be looked at
    boolean advance(int seat) {
        if (computed[seat] >= plannedAlone[seat]) {
            return false;
        }
        computed[seat]++;
        return true;
    }

    /// Begins the plan of a step with its draws.
    void writeDraws(Step step) {
        step.writeDraws(slots, placement);
    }

    /// Takes a drawn token in, if nothing follows from it.
    ///
    /// @param step the number of the step that drew it
    /// @return false if the sequence itself must be looked at
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

    /// Tokens in the answer.
    int generated(int seat) {
        return generated[seat];
    }

    /// Positions that planned steps compute.
    int computed(int seat) {
        return computed[seat];
    }

    int topLogprobs(int seat) {
        return topLogprobs[seat];
    }

    /// Whose seat it is, up to date but for its tokens, which to copy costs more than to plan.
    Sequence planned(int seat) {
        sequences[seat].computed = computed[seat];
        return sequences[seat];
    }

    /// Brings a sequence's seat up to date after what [#planned] began.
    void replan(Sequence sequence) {
        computed[sequence.seat] = sequence.computed;
        plannedAlone[sequence.seat] = plannedAlone(sequence);
    }

    /// Brings a seated sequence up to date.
    Sequence recall(Sequence sequence) {
        int seat = sequence.seat;
        for (int index = sequence.generated(); index < generated[seat]; index++) {
            sequence.append(recent[recentAt(seat, index + phases[seat])]);
        }
        sequence.computed = computed[seat];
        return sequence;
    }

    /// Brings a sequence's seat up to date.
    ///
    /// @param endedSteps the number of the newest step whose tokens have been taken in
    void update(Sequence sequence, long endedSteps) {
        int seat = sequence.seat;
        slots[seat] = sequence.slot;
        generated[seat] = sequence.generated();
        takenAlone[seat] = takenAlone(sequence);
        phases[seat] = (int) endedSteps + 1 - sequence.generated();
        replan(sequence);
    }

    private int plannedAlone(Sequence sequence) {
        return sequence.prefilling() ? 0 : Math.min(sequence.blockCount * blockTokens, sequence.mostComputed());
    }

    private int takenAlone(Sequence sequence) {
        int length = sequence.length();
        int end = length + MOST_RECENT;
        if (prefixCaching) {        // a full block is to be indexed as soon as it is computed, too
            end = Math.min(end, (sequence.indexedBlocks + 1) * blockTokens);
        }
        return Math.min(end, sequence.mostBeforeChange()) - 1 - sequence.promptLength();
    }

    /// A bit for each token of a set; tokens outside it may have one of these, too.
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
