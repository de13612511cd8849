package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.driver.Driver.Pinned;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import org.jspecify.annotations.Nullable;

/// The host's side of the steps in flight: for each step, pinned memory for its plan and its results.
///
/// ```
///   slot 0   plan ─┐  copied in stream order   ┌─► device plan ─► kernels ─► results of slot 0
///   slot 1   plan ─┴───────────────────────────┘                            results of slot 1
/// ```
///
/// All steps use the same device copy of the plan, as captured graphs read it at a fixed address; the order of the
/// stream keeps steps apart. The sampling kernel writes results directly to the slot's pinned memory.
final class StepSlots {
    private static final int EDIT_WORDS = 3;

    private final Driver driver;
    private final int samples;
    private final int scratchEntries;
    private final long devicePlan;
    private final long deviceEdits;
    private final int mostEdits;
    private final long deviceStaging;
    private final long stagingBytes;
    private final boolean draws;
    private final ConstraintMasks masks;
    private final Slot[] ring = new Slot[CudaBackend.STEPS_IN_FLIGHT];
    private int next;
    /// The plan of the latest step that was begun.
    private @Nullable StepPlan current;

    /// The pinned memory of one step.
    private static final class Slot {
        final int event;
        final Pinned image;
        final Pinned edits;
        final Pinned staging;
        final Pinned results;
        final StepImage encoder;
        final ConstraintMasks.Rows fitting;
        /// Null if no step uses this slot.
        @Nullable StepPlan plan;
        boolean marked;

        Slot(
                Driver driver, int event, CacheShape shape, int tokenBudget, int mostEdits, long stagingBytes,
                int chosen) {
            this.event = event;
            int samples = StepPlan.mostSamples(shape.slots());
            image = driver.allocatePinned(StepImage.bytes(tokenBudget, samples));
            edits = driver.allocatePinned(4L * EDIT_WORDS * mostEdits);
            staging = driver.allocatePinned(stagingBytes);
            results = driver.allocatePinned(4L * samples * (2 + 2 * StepPlan.MAX_ALTERNATIVES));
            encoder = new StepImage(image.memory(), tokenBudget, chosen);
            fitting = new ConstraintMasks.Rows(samples);
        }
    }

    /// @param chosen experts that each row chooses; 0 if the model has none
    /// @param draws  whether this device draws the tokens, or takes those that another has drawn
    StepSlots(Driver driver, CacheShape shape, int tokenBudget, int scratchEntries, int chosen, boolean draws) {
        this.driver = driver;
        this.draws = draws;
        this.scratchEntries = scratchEntries;
        samples = StepPlan.mostSamples(shape.slots());
        mostEdits = Math.max(1024, 4 * shape.slots());
        stagingBytes = Math.max(1 << 20, SamplingHomes.usualBytes(shape));
        devicePlan = driver.allocate(StepImage.bytes(tokenBudget, samples), "the plan");
        deviceEdits = driver.allocate(4L * EDIT_WORDS * mostEdits, "block edits");
        deviceStaging = driver.allocate(stagingBytes, "admissions");
        masks = new ConstraintMasks(driver, shape.vocabulary(), shape.slots());
        for (int i = 0; i < ring.length; i++) {
            ring[i] = new Slot(driver, i, shape, tokenBudget, mostEdits, stagingBytes, chosen);
        }
    }

    /// The device address of the plan.
    long plan() {
        return devicePlan;
    }

    /// The device address of the masks of samples with constraints.
    long masks() {
        return masks.address();
    }

    /// Whether the step's draw must wait for tokens of the step before it, as some of its sequences have constraints.
    boolean drawsWithinConstraints(StepPlan plan) {
        return !slotOf(plan).fitting.isEmpty();
    }

    /// Waits for the masks that the step's draw needs, and enqueues their copy. All earlier steps must have ended.
    void awaitMasks(StepPlan plan) {
        if (draws) {
            masks.enqueueUpload(plan, slotOf(plan).fitting);
        }
    }

    /// The plan whose verbs are being enqueued now.
    StepPlan current() {
        assert current != null;
        return current;
    }

    /// Enqueues the copy of the plan, and its changes of slot state.
    void begin(StepPlan plan, CudaCache cache, KernelSet kernels, Arguments arguments) {
        var slot = ring[next];
        assert slot.plan == null : "more steps begun than " + ring.length;
        next = (next + 1) % ring.length;
        slot.plan = plan;
        slot.marked = false;
        current = plan;
        cache.move(plan);
        admit(plan, slot, cache, kernels, arguments);
        editTables(plan, slot, cache, kernels, arguments);
        if (draws) {
            masks.collect(plan, cache, slot.fitting);
        }
        long bytes = slot.encoder.encode(
                plan, cache, slot.results.deviceAddress(), scratchEntries, slot.fitting.indexes());
        driver.enqueueUpload(devicePlan, slot.image.memory().asSlice(0, bytes));
    }

    private void admit(StepPlan plan, Slot slot, CudaCache cache, KernelSet kernels, Arguments arguments) {
        long used = 0;
        for (var admission : plan.admissions()) {
            var sampling = cache.sampling();
            int home = cache.home(admission.slot());
            long bytes = SamplingHomes.bytes(admission, cache.shape().vocabulary());
            if (draws) {
                masks.admit(home, admission);
            }
            if (bytes > stagingBytes) {
                admitLarge(admission, bytes, home, cache, kernels, arguments);
                continue;
            }
            if (used + bytes > stagingBytes) {
                driver.synchronise();
                used = 0;
            }
            var staged = slot.staging.memory().asSlice(used, bytes);
            sampling.stage(admission, home, staged);
            driver.enqueueUpload(deviceStaging + used, staged);
            driver.launch(kernels.admit, 1, 1, 1, 1024, 0,
                    sampling.arguments(arguments, admission, home, deviceStaging + used));
            used = used + bytes + 15 & -16;
        }
    }

    /// Admits a sequence with an unusually long list of rules, which is staged in memory that is allocated for it.
    private void admitLarge(
            StepPlan.Admission admission, long bytes, int home, CudaCache cache, KernelSet kernels,
            Arguments arguments) {
        long address = driver.allocate(bytes, "a large admission");
        try (var arena = Arena.ofConfined()) {
            var staged = arena.allocate(bytes, 16);
            cache.sampling().stage(admission, home, staged);
            driver.upload(address, staged);
        }
        driver.launch(kernels.admit, 1, 1, 1, 1024, 0,
                cache.sampling().arguments(arguments, admission, home, address));
        driver.synchronise();
        driver.free(address);
    }

    private void editTables(StepPlan plan, Slot slot, CudaCache cache, KernelSet kernels, Arguments arguments) {
        for (int first = 0; first < plan.edits(); first += mostEdits) {
            if (first > 0) {
                driver.synchronise();
            }
            int count = Math.min(mostEdits, plan.edits() - first);
            var memory = slot.edits.memory();
            for (int i = 0; i < count; i++) {
                memory.setAtIndex(ValueLayout.JAVA_INT, EDIT_WORDS * i,
                        cache.tableRow(plan.editTables[first + i], plan.editSlots[first + i]));
                memory.setAtIndex(ValueLayout.JAVA_INT, EDIT_WORDS * i + 1, plan.editIndexes[first + i]);
                memory.setAtIndex(ValueLayout.JAVA_INT, EDIT_WORDS * i + 2, plan.editBlocks[first + i]);
            }
            assert editsOnceEach(memory, count) : "an entry of a block table is edited twice in a launch";
            driver.enqueueUpload(deviceEdits, memory.asSlice(0, 4L * EDIT_WORDS * count));
            arguments.begin().pointer(cache.tables()).pointer(deviceEdits)
                    .integer(count).integer(cache.mostBlocks());
            driver.launch(kernels.edit, Math.ceilDiv(count, 256), 1, 1, 256, 0, arguments);
        }
    }

    private static boolean editsOnceEach(MemorySegment edits, int count) {
        var entries = new HashSet<Long>();
        for (int i = 0; i < count; i++) {
            long home = edits.getAtIndex(ValueLayout.JAVA_INT, (long) EDIT_WORDS * i);
            long index = edits.getAtIndex(ValueLayout.JAVA_INT, (long) EDIT_WORDS * i + 1);
            entries.add(home << 32 | index);
        }
        return entries.size() == count;
    }

    /// Records the step's event, after all of its verbs have been enqueued.
    void launched(StepPlan plan) {
        var slot = slotOf(plan);
        driver.record(slot.event);
        slot.marked = true;
    }

    /// Waits until the step has ended, and copies its results into the plan.
    void end(StepPlan plan) {
        var slot = slotOf(plan);
        if (!slot.marked) {
            driver.record(slot.event);
        }
        driver.await(slot.event);
        if (draws) {
            read(slot.results.memory(), plan);
            slot.fitting.append(plan);
        }
        slot.plan = null;
    }

    private void read(MemorySegment results, StepPlan plan) {
        int alternatives = plan.samples() * StepPlan.MAX_ALTERNATIVES;
        MemorySegment.copy(results, ValueLayout.JAVA_INT, 0, plan.sampledTokens, 0, plan.samples());
        MemorySegment.copy(results, ValueLayout.JAVA_FLOAT, 4L * samples, plan.sampledLogprobs, 0, plan.samples());
        MemorySegment.copy(results, ValueLayout.JAVA_INT, 8L * samples, plan.alternativeTokens, 0, alternatives);
        MemorySegment.copy(results, ValueLayout.JAVA_FLOAT, 4L * samples * (2 + StepPlan.MAX_ALTERNATIVES),
                plan.alternativeLogprobs, 0, alternatives);
    }

    private Slot slotOf(StepPlan plan) {
        for (var slot : ring) {
            if (slot.plan == plan) {
                return slot;
            }
        }
        throw new AssertionError("the step was not begun before it ended");
    }
}
