package dev.flover.engine.backend;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.sampling.Sampler;
import dev.flover.engine.sampling.SamplingState;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The state of every slot of a cache in host memory: its block table, and what drawing its next token needs.
///
/// ```
///   slot 0 ─► block table [7, 2, 9, ...]   sampling state (newest token, tokens so far, penalties)
///   slot 1 ─► block table [0, 4, ...]      ...
/// ```
///
/// Edited by one thread through [#apply]. [#sample] may run on several threads at once, each with a [Sampler] of its
/// own, for different samples of one plan: a slot has at most one that draws.
public final class HostSlots {
    /// Entries of a block table at first: 4 KiB, which most contexts never outgrow.
    private static final int FIRST_ENTRIES = 1024;

    private final int mostBlocks;
    private final int[][] blockTables;
    private final SamplingState[] sampling;

    public HostSlots(CacheShape shape) {
        mostBlocks = Math.ceilDiv(shape.contextLength(), shape.blockTokens());
        blockTables = new int[shape.slots()][Math.min(mostBlocks, FIRST_ENTRIES)];
        sampling = new SamplingState[shape.slots()];
        for (int slot = 0; slot < sampling.length; slot++) {
            sampling[slot] = new SamplingState();
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
                    admission.sampling(), admission.ending(), admission.constraint());
        }
        for (int i = 0; i < plan.edits(); i++) {
            setBlock(plan.editSlots[i], plan.editIndexes[i], plan.editBlocks[i]);
        }
    }

    /// Block numbers of the slot's sequence, from its first position on; longer than what is in use, and replaced by a
    /// longer one when it is full. Valid until the next [#apply].
    public int[] blockTable(int slot) {
        return blockTables[slot];
    }

    /// The slot's last token: what a row of [StepPlan#NEWEST] embeds.
    public int newest(int slot) {
        return sampling[slot].newest();
    }

    /// Draws the token of one of the plan's samples, appends it to its slot and leaves it in the plan; or scores one.
    ///
    /// @param sample index into the plan's samples
    /// @param logits memory that holds the sample's row of logits
    /// @param offset in bytes, of the row in it
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

    /// Whether a sample is simply the greatest logit, which a backend may find itself and leave with [#take].
    public boolean isArgmax(StepPlan plan, int sample) {
        return !plan.isScored(sample) && sampling[plan.sampleSlots[sample]].isArgmax();
    }

    /// As [#sample], for the greatest of the logits.
    ///
    /// @param token the lowest id of those with the greatest logit, or [StepPlan#NOT_FINITE]
    public void take(StepPlan plan, int sample, int token) {
        plan.sampledTokens[sample] = token;
        plan.sampledLogprobs[sample] = Float.NaN;
        if (token != StepPlan.NOT_FINITE) {
            sampling[plan.sampleSlots[sample]].append(token);
        }
    }

    /// As a slot that is moved from is free afterwards, its arrays change places with those of the slot moved to.
    private void swap(int from, int to) {
        int[] table = blockTables[from];
        blockTables[from] = blockTables[to];
        blockTables[to] = table;
        var state = sampling[from];
        sampling[from] = sampling[to];
        sampling[to] = state;
    }

    private void setBlock(int slot, int index, int block) {
        assert index < mostBlocks;
        if (index >= blockTables[slot].length) {
            int length = Math.min(mostBlocks, Math.max(index + 1, 2 * blockTables[slot].length));
            blockTables[slot] = Arrays.copyOf(blockTables[slot], length);
        }
        blockTables[slot][index] = block;
    }
}
