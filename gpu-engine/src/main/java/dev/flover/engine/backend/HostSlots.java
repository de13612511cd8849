package dev.flover.engine.backend;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.sampling.Sampler;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.SamplingState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.IntBinaryOperator;

/// The state of every slot of a cache in host memory: its block table or tables, and its sampling state.
///
/// ```
///   slot 0 ─► block table [7, 2, 9, ...]   sampling state (newest token, tokens so far, penalties)
///   slot 1 ─► block table [0, 4, ...]      ...
/// ```
///
/// One thread edits it through [#apply]. Several threads may call [#sample] at once for different samples of one plan,
/// each with its own [Sampler]: no two samples of a plan draw for the same slot.
public final class HostSlots {
    /// Entries that a new block table has room for: 4 KiB, which is enough for most contexts.
    private static final int FIRST_ENTRIES = 1024;

    private final int mostBlocks;
    private final SegmentAllocator memory;
    /// By table and slot.
    private final MemorySegment[][] blockTables;
    private final IntBinaryOperator numbers;
    private final SamplingState[] sampling;
    private boolean follows;

    public HostSlots(CacheShape shape) {
        this(shape, (table, block) -> block, Arena.ofAuto());
    }

    /// @param numbers the number that the backend uses for a block, from the block table and the plan's number
    /// @param memory  for the block tables
    public HostSlots(CacheShape shape, IntBinaryOperator numbers, SegmentAllocator memory) {
        this.numbers = numbers;
        this.memory = memory;
        mostBlocks = Math.ceilDiv(shape.contextLength(), shape.blockTokens());
        long bytes = bytes(Math.min(mostBlocks, FIRST_ENTRIES));
        var all = memory.allocate(bytes * shape.tables() * shape.slots());
        blockTables = new MemorySegment[shape.tables()][shape.slots()];
        for (int table = 0; table < shape.tables(); table++) {
            for (int slot = 0; slot < shape.slots(); slot++) {
                blockTables[table][slot] = all.asSlice(bytes * ((long) table * shape.slots() + slot), bytes);
            }
        }
        sampling = new SamplingState[shape.slots()];
        for (int slot = 0; slot < sampling.length; slot++) {
            sampling[slot] = new SamplingState();
        }
    }

    /// From now on, sequences begin with parameters of greedy sampling and without constraints, because another rank
    /// draws their tokens.
    public void follow() {
        follows = true;
    }

    /// Appends the tokens that another rank has drawn and written to the plan.
    public void takeDraws(StepPlan plan) {
        for (int sample = 0; sample < plan.samples(); sample++) {
            if (!plan.isScored(sample) && plan.sampledTokens[sample] >= 0) {
                sampling[plan.sampleSlots[sample]].append(plan.sampledTokens[sample]);
            }
        }
    }

    /// Applies the plan's moves, admissions and block edits, in this order.
    public void apply(StepPlan plan) {
        for (int i = 0; i < plan.moves(); i++) {
            swap(plan.moveFrom[i], plan.moveTo[i]);
        }
        for (int i = 0; i < plan.admissions().size(); i++) {
            var admission = plan.admissions().get(i);
            sampling[admission.slot()].begin(
                    admission.history(), admission.promptLength(), admission.answerIndex(),
                    follows ? SamplingParams.greedy() : admission.sampling(), admission.ending(),
                    follows ? null : admission.constraint());
        }
        for (int i = 0; i < plan.edits(); i++) {
            int table = plan.editTables[i];
            setBlock(blockTables[table], plan.editSlots[i], plan.editIndexes[i],
                    numbers.applyAsInt(table, plan.editBlocks[i]));
        }
    }

    /// The number of the block at a place in a slot's block table.
    ///
    /// @param table as [CacheShape#table]
    public int block(int table, int slot, int index) {
        return blockTables[table][slot].getAtIndex(ValueLayout.JAVA_INT, index);
    }

    /// The block numbers of the slot's sequence as ints, from its first position on. The memory is longer than the part
    /// in use, and is replaced by a longer one when it is full. Its entries are those of the plan until the next
    /// [#apply]; later they are others, of the same table, and the memory stays readable.
    ///
    /// @param table as [CacheShape#table]
    public MemorySegment blockTable(int table, int slot) {
        return blockTables[table][slot];
    }

    /// The newest token of the slot's sequence, which a row of [StepPlan#NEWEST] embeds.
    public int newest(int slot) {
        return sampling[slot].newest();
    }

    /// Processes one of the plan's samples: draws its token, appends it to its slot and writes it to the plan; or, for
    /// a sample with a target, computes the target's log-probability.
    ///
    /// @param sample index into the plan's samples
    /// @param logits memory that holds the sample's row of logits
    /// @param offset where the row begins in that memory, in bytes
    public void sample(
            StepPlan plan, int sample, Sampler sampler, MemorySegment logits, long offset, float softCap) {
        if (plan.isScored(sample)) {
            score(plan, sample, sampler, logits, offset, softCap);
            return;
        }
        var state = sampling[plan.sampleSlots[sample]];
        int token = sampler.sample(logits, offset, softCap, state,
                plan.alternativeTokens, plan.alternativeLogprobs, sample * StepPlan.MAX_ALTERNATIVES);
        plan.sampledTokens[sample] = token;
        plan.sampledLogprobs[sample] = sampler.logprob();
        if (token >= 0) {
            state.append(token);
        }
    }

    private static void score(
            StepPlan plan, int sample, Sampler sampler, MemorySegment logits, long offset, float softCap) {
        int target = plan.sampleTargets[sample];
        float logprob = sampler.score(logits, offset, softCap, target, plan.sampleAlternatives[sample],
                plan.alternativeTokens, plan.alternativeLogprobs, sample * StepPlan.MAX_ALTERNATIVES);
        plan.sampledTokens[sample] = Float.isNaN(logprob) ? StepPlan.NOT_FINITE : target;
        plan.sampledLogprobs[sample] = logprob;
    }

    /// Whether a sample's token is simply that of the greatest logit. A backend may then find it itself and call
    /// [#take].
    public boolean isArgmax(StepPlan plan, int sample) {
        return !plan.isScored(sample) && sampling[plan.sampleSlots[sample]].isArgmax();
    }

    /// Completes a sample as [#sample] does, with a token that the backend found as the greatest logit.
    ///
    /// @param token the lowest id among those with the greatest logit, or [StepPlan#NOT_FINITE]
    public void take(StepPlan plan, int sample, int token) {
        plan.sampledTokens[sample] = token;
        plan.sampledLogprobs[sample] = Float.NaN;
        if (token != StepPlan.NOT_FINITE) {
            sampling[plan.sampleSlots[sample]].append(token);
        }
    }

    /// Moves a slot's state by swapping the memory of both slots, as the slot that is moved from is free afterwards.
    private void swap(int from, int to) {
        for (var tables : blockTables) {
            var table = tables[from];
            tables[from] = tables[to];
            tables[to] = table;
        }
        var state = sampling[from];
        sampling[from] = sampling[to];
        sampling[to] = state;
    }

    private void setBlock(MemorySegment[] tables, int slot, int index, int block) {
        assert index < mostBlocks;
        var table = tables[slot];
        if (bytes(index) >= table.byteSize()) {
            int entries = (int) (table.byteSize() / Integer.BYTES);
            tables[slot] = memory.allocate(bytes(Math.min(mostBlocks, Math.max(index + 1, 2 * entries))));
            tables[slot].copyFrom(table);
        }
        tables[slot].setAtIndex(ValueLayout.JAVA_INT, index, block);
    }

    private static long bytes(int entries) {
        return (long) Integer.BYTES * entries;
    }
}
