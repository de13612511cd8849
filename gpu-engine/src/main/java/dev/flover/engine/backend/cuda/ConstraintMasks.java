package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.cuda.Driver.Pinned;
import dev.flover.engine.sampling.MaskAhead;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What the sequences that have a constraint may draw next: found on the host once their last tokens are known, beside
/// the forward pass of the step that needs it, and copied to the device before that step's draw.
///
/// ```
///   step k       forward pass ── draw ─► tokens ─┐
///   step k + 1                   forward pass ───┼──────── draw
///                                                └─► masks ─┘
/// ```
final class ConstraintMasks {
    private final Driver driver;
    private final int maskLongs;
    private final Fitting[] byHome;
    private final Pinned staging;
    private final long device;

    /// An answer that has to fit.
    private static final class Fitting {
        final MaskAhead ahead;
        final int[] ending;
        final int minTokens;
        int generated;

        Fitting(Admission admission) {
            ahead = new MaskAhead(admission.constraint(), admission.history(), admission.promptLength());
            ending = admission.ending();
            minTokens = admission.sampling().minTokens();
            generated = admission.history().length - admission.promptLength();
        }

        void append(int token) {
            ahead.append(token);
            generated++;
        }

        /// Not before the least number of tokens, unless nothing else is allowed.
        boolean mayEnd(MaskAhead.Allowed allowed) {
            return allowed.mayEnd() && (generated >= minTokens || !allowed.anyText());
        }
    }

    /// The rows of a step that draw within constraints.
    static final class Rows {
        private final Fitting[] fitting;
        private final int[] indexes;
        private int count;

        Rows(int samples) {
            fitting = new Fitting[samples];
            indexes = new int[samples];
        }

        boolean isEmpty() {
            return count == 0;
        }

        /// By sample, which mask of the step is its own; -1 for none.
        int[] indexes() {
            return indexes;
        }

        /// The plan's tokens are known.
        void append(StepPlan plan) {
            for (int sample = 0; sample < plan.samples(); sample++) {
                if (fitting[sample] != null && plan.sampledTokens[sample] >= 0) {
                    fitting[sample].append(plan.sampledTokens[sample]);
                }
            }
        }
    }

    ConstraintMasks(Driver driver, int vocabulary, int slots) {
        this.driver = driver;
        maskLongs = Math.ceilDiv(vocabulary, Long.SIZE);
        byHome = new Fitting[slots];
        staging = driver.allocatePinned((long) Long.BYTES * maskLongs * slots);
        device = driver.allocate((long) Long.BYTES * maskLongs * slots, "masks of constraints");
    }

    /// Device address of the masks.
    long address() {
        return device;
    }

    void admit(int home, Admission admission) {
        byHome[home] = admission.constraint() == null ? null : new Fitting(admission);
    }

    /// Notes which rows of a plan draw within constraints, homes being those of its slots now.
    void collect(StepPlan plan, CudaCache cache, Rows rows) {
        rows.count = 0;
        for (int sample = 0; sample < plan.samples(); sample++) {
            var fitting = plan.isScored(sample) ? null : byHome[cache.home(plan.sampleSlots[sample])];
            rows.fitting[sample] = fitting;
            rows.indexes[sample] = fitting == null ? -1 : rows.count++;
        }
    }

    /// Waits for the masks of the rows and enqueues their copy. The copy before has been done: its step has ended.
    void enqueueUpload(StepPlan plan, Rows rows) {
        for (int sample = 0; sample < plan.samples(); sample++) {
            if (rows.fitting[sample] != null) {
                write(rows.fitting[sample], rows.indexes[sample]);
            }
        }
        driver.enqueueUpload(device, staging.memory().asSlice(0, (long) Long.BYTES * maskLongs * rows.count));
    }

    private void write(Fitting fitting, int index) {
        var allowed = fitting.ahead.await();
        var mask = staging.memory().asSlice((long) Long.BYTES * maskLongs * index, (long) Long.BYTES * maskLongs);
        int known = Math.min(maskLongs, allowed.bits().length);
        MemorySegment.copy(allowed.bits(), 0, mask, ValueLayout.JAVA_LONG, 0, known);
        mask.asSlice((long) Long.BYTES * known).fill((byte) 0);
        if (fitting.mayEnd(allowed)) {
            for (int token : fitting.ending) {
                long word = mask.getAtIndex(ValueLayout.JAVA_LONG, token / Long.SIZE);
                mask.setAtIndex(ValueLayout.JAVA_LONG, token / Long.SIZE, word | 1L << token);
            }
        }
    }
}
