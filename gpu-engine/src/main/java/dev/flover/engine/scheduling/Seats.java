package dev.flover.engine.scheduling;

import dev.flover.engine.EngineConfig;

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
///   length          39    63   120     9     a commit advances it while it is below takenAlone:
///   takenAlone      63    63   126    63       the next token is to be copied, or is the last
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

    private final long[] ids;
    private final int[] promptLengths;
    private final byte[] topLogprobs;
    private final int[] lengths;
    private final int[] takenAlone;
    private final long[] stopFilters;

    // The newest tokens, `stride` for each seat: the one at `index` of the text is at `index % stride`
    private final int[] recent;
    private final int stride;

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
        promptLengths = new int[seats];
        topLogprobs = new byte[seats];
        lengths = new int[seats];
        takenAlone = new int[seats];
        stopFilters = new long[seats];
        stride = prefixCaching ? Math.min(MOST_RECENT, blockTokens) : MOST_RECENT;
        recent = new int[seats * stride];
        free = new int[seats];
        for (int i = 0; i < seats; i++) {
            free[i] = seats - 1 - i;
        }
        freeCount = seats;
        left = new int[seats];
        leftAfter = new long[seats];
    }

    /// Gives a sequence that begins to run its seat.
    void seat(Sequence sequence) {
        assert sequence.seat == NONE;
        int seat = free[--freeCount];
        sequence.seat = seat;
        sequences[seat] = sequence;
        ids[seat] = sequence.id;
        promptLengths[seat] = sequence.promptLength();
        topLogprobs[seat] = (byte) sequence.topLogprobs;
        stopFilters[seat] = filterOf(sequence.stopIds().tokens());
        update(sequence);
    }

    /// Takes its seat from a sequence that no longer runs; steps that are under way go on naming it.
    ///
    /// @param plannedSteps the newest of them
    void leave(Sequence sequence, long plannedSteps) {
        recall(sequence);
        int seat = sequence.seat;
        sequence.lateTokens = Math.max(0, computed[seat] + 1 - lengths[seat]);
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

    /// Begins a step with the newest position of each of these seats, which draws the next token.
    void write(int[] drawing, int count, Step step) {
        var plan = step.plan();
        for (int i = 0; i < count; i++) {
            int seat = drawing[i];
            step.seats[i] = seat;
            plan.rowSlots[i] = slots[seat];
            plan.positions[i] = computed[seat] - 1;
        }
        plan.beginWithDraws(count);
    }

    /// Takes a drawn token in, if nothing follows from it.
    ///
    /// @return false if the sequence itself must be looked at
    boolean append(int seat, int token) {
        int length = lengths[seat];
        if (length >= takenAlone[seat] || token < 0 || (stopFilters[seat] >>> filterBit(token) & 1) != 0) {
            return false;
        }
        recent[seat * stride + (length & stride - 1)] = token;
        lengths[seat] = length + 1;
        return true;
    }

    long id(int seat) {
        return ids[seat];
    }

    /// Tokens in the answer.
    int generated(int seat) {
        return lengths[seat] - promptLengths[seat];
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
        int known = sequence.length();
        sequence.append(recent, seat * stride + (known & stride - 1), lengths[seat] - known);
        sequence.computed = computed[seat];
        return sequence;
    }

    /// Brings a sequence's seat up to date.
    void update(Sequence sequence) {
        int seat = sequence.seat;
        slots[seat] = sequence.slot;
        lengths[seat] = sequence.length();
        takenAlone[seat] = takenAlone(sequence);
        replan(sequence);
    }

    private int plannedAlone(Sequence sequence) {
        return sequence.prefilling() ? 0 : Math.min(sequence.blockCount * blockTokens, sequence.mostTokens - 1);
    }

    private int takenAlone(Sequence sequence) {
        int length = sequence.length();
        if (prefixCaching && (sequence.indexedBlocks + 1) * blockTokens <= length) {
            return 0;       // a full block is to be indexed as soon as it is computed, too
        }
        int nextFull = (length / stride + 1) * stride;
        return Math.min(nextFull, sequence.mostTokens) - 1;
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
