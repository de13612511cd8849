package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.driver.Driver.Pinned;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.sampling.MaskAhead;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The masks of tokens that sequences with constraints may draw next. The host computes a mask after the sequence's
/// last token is known, while the device computes the forward pass of the step that needs it. The mask is copied to the
/// device before that step's draw.
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

    /// The state of one answer with a constraint: the computation of its masks, its ending tokens, and its number of
    /// tokens.
    private static final class Fitting {
        final MaskAhead ahead;
        final int[] ending;
        final int minTokens;
        int generated;

        Fitting(Admission admission, Constraint constraint) {
            ahead = new MaskAhead(constraint, admission.history(), admission.promptLength());
            ending = admission.ending();
            minTokens = admission.sampling().minTokens();
            generated = admission.history().length - admission.promptLength();
        }

        void append(int token) {
            ahead.append(token);
            generated++;
        }

        /// Whether the answer may end now: not before its minimum number of tokens, unless no other token is allowed.
        boolean mayEnd(MaskAhead.Allowed allowed) {
            return allowed.mayEnd() && (generated >= minTokens || !allowed.anyText());
        }
    }

    /// The samples of a step whose sequences have constraints.
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

        /// By sample, the index of the sample's mask among those of the step; -1 for none.
        int[] indexes() {
            return indexes;
        }

        /// Appends the tokens that the plan has drawn to the sequences' constraints.
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

    /// The device address of the masks.
    long address() {
        return device;
    }

    void admit(int home, Admission admission) {
        var constraint = admission.constraint();
        byHome[home] = constraint == null ? null : new Fitting(admission, constraint);
    }

    /// Finds the samples of a plan whose sequences have constraints, by the homes that the plan's slots have now.
    void collect(StepPlan plan, CudaCache cache, Rows rows) {
        rows.count = 0;
        for (int sample = 0; sample < plan.samples(); sample++) {
            var fitting = plan.isScored(sample) ? null : byHome[cache.home(plan.sampleSlots[sample])];
            rows.fitting[sample] = fitting;
            rows.indexes[sample] = fitting == null ? -1 : rows.count++;
        }
    }

    /// Waits until the masks of these samples are computed, and enqueues their copy to the device. The staging memory
    /// is free again, as the step that used it last has ended.
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
