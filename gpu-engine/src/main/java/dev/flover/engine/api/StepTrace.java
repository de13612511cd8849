package dev.flover.engine.api;

import java.lang.invoke.VarHandle;

/// The latest events of an engine's steps, for readers on other threads.
///
/// ```
///   owner ──put──► [ ring of entries, overwritten from the oldest on ] ──read──► any number of readers
/// ```
///
/// The ring is allocated once. The owner never waits and takes no lock; it writes into the ring whether a reader exists
/// or not. A reader that is too slow loses the oldest entries and is told how many.
public final class StepTrace {
    /// The event that an entry records. The parameters that a kind does not name are 0.
    public enum Kind {
        /// A step was planned and handed to the device. `x` is its number, from 1; `y` the time in ns.
        STEP,
        /// A sequence moved to another slot before the step. `a` is the old slot, `b` the new one, `x` the sequence.
        MOVE,
        /// The step draws the next token of sequence `x`, which is in slot `a`.
        DECODE,
        /// The step computes `b` known positions of sequence `x`, which is in slot `a`; `y` of them were computed
        /// before.
        PREFILL,
        /// Sequence `x` gave its blocks to others.
        PREEMPT,
        /// Sequence `x` left the engine, because it has ended or was cancelled.
        LEAVE,
        /// Step `x` has ended, and its tokens are taken in next. `y` is the time of its end in ns.
        STEP_END,
        /// The first `y` tokens of sequence `x`, counted over its whole answer, were written to the topic.
        SENT,
        /// Everything that was written before was committed. `y` is the time in ns.
        COMMIT
    }

    /// Receives entries in the order in which they were written.
    public interface Reader {
        void entry(Kind kind, int a, int b, long x, long y);

        /// Called before the next entry if entries were overwritten before they could be read.
        void lost(long entries);
    }

    private static final int WORDS = 3;
    private static final int SMALLEST = 1024;
    private static final int BITS_OF_A = 24;
    private static final int BITS_OF_B = 32;
    private static final Kind[] KINDS = Kind.values();
    private static final VarHandle PUBLISHED;

    static {
        try {
            PUBLISHED = java.lang.invoke.MethodHandles.lookup()
                    .findVarHandle(StepTrace.class, "published", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long[] ring;
    private final int capacity;
    /// The most entries that are written before they are published.
    private final int unpublished;
    private long written;
    private volatile long published;

    /// @param capacity the number of entries that are kept, at least 1024; rounded up to a power of two
    public StepTrace(int capacity) {
        if (capacity < SMALLEST || capacity > 1 << 24) {
            throw new IllegalArgumentException("capacity must be in [1024, 16777216], was " + capacity);
        }
        this.capacity = Integer.highestOneBit(2 * capacity - 1);
        unpublished = this.capacity / 4;
        ring = new long[this.capacity * WORDS];
    }

    /// Writes an entry. Called by the owner only.
    ///
    /// @param a in [0, 2^24)
    /// @param b in [0, 2^31)
    public void put(Kind kind, int a, int b, long x, long y) {
        int at = (int) (written & capacity - 1) * WORDS;
        ring[at] = (long) kind.ordinal() << BITS_OF_A + BITS_OF_B | (long) a << BITS_OF_B | b;
        ring[at + 1] = x;
        ring[at + 2] = y;
        written++;
        if (written - published >= unpublished) {
            publish();
        }
    }

    /// Lets readers see all entries that were written so far. Called by the owner only.
    public void publish() {
        PUBLISHED.setRelease(this, written);
        VarHandle.storeStoreFence();    // later entries are not written before readers can see that they may be
    }

    /// The position after the newest entry that readers can see.
    public long end() {
        return published;
    }

    /// The oldest position that can still be read without a loss.
    public long begin() {
        return Math.max(0, published + unpublished - capacity);
    }

    /// Reads the entries from a position on. Any thread may call this.
    ///
    /// @param from a position that [#begin], [#end] or an earlier call returned
    /// @return the position after the last entry that was read
    public long read(long from, Reader reader) {
        long end = (long) PUBLISHED.getAcquire(this);
        long first = Math.max(from, begin());
        var copy = new long[(int) Math.max(0, end - first) * WORDS];
        for (long i = first; i < end; i++) {
            System.arraycopy(ring, (int) (i & capacity - 1) * WORDS, copy, (int) (i - first) * WORDS, WORDS);
        }
        VarHandle.loadLoadFence();
        // Entries before this one may have been overwritten meanwhile.
        long intact = Math.min(end, Math.max(first, begin()));
        if (intact > from) {
            reader.lost(intact - from);
        }
        for (long i = intact; i < end; i++) {
            int at = (int) (i - first) * WORDS;
            long head = copy[at];
            reader.entry(KINDS[(int) (head >>> BITS_OF_A + BITS_OF_B)],
                    (int) (head >>> BITS_OF_B) & (1 << BITS_OF_A) - 1, (int) head, copy[at + 1], copy[at + 2]);
        }
        return end;
    }
}
