package dev.flover.benchmarks.fusion.strategies;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.forward.Transformer;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;

/// The engine's transformer and kernels with a contiguous cache: the keys and values of a slot lie in one piece for the
/// longest sequence, as in servers before paging. The caller decides which sequence is in which slot.
///
/// ```
///   slot 0  [kkkkkkkkkk......]   = block 0
///   slot 1  [kkk.............]   = block 1        a move copies a block
/// ```
///
/// For each step the caller gives first the moves, then the rows, and then calls [#step].
public final class ContiguousEngine implements AutoCloseable {
    private static final int[] NO_ENDING = {};

    private final Backend backend;
    private final Transformer transformer;
    private final StepPlan plan;
    private final int slots;

    /// Number of computed positions of each slot.
    private final int[] lengths;

    /// @param backend   closed with this engine
    /// @param slots     the most sequences
    /// @param positions the most positions of a sequence
    /// @param rows      the most rows of a step
    public ContiguousEngine(Model model, Backend backend, int slots, int positions, int rows) {
        this.backend = backend;
        this.slots = slots;
        var config = model.config();
        int block = blockTokens(positions);
        transformer = new Transformer(model, backend, slots, rows, () -> BackendCacheShapeBuilder.builder()
                .layers(config.layers().size()).heads(config.heads()).kvHeads(config.kvHeads())
                .headDim(config.headDim()).vocabulary(config.vocabulary()).blocks(slots).blockTokens(block)
                .slots(slots).contextLength(block).latent(0).build(), (layers, all) -> { });
        plan = new StepPlan(rows, slots);
        lengths = new int[slots];
    }

    /// Returns the tokens of a block: at least `positions`, and a power of two as backends require.
    public static int blockTokens(int positions) {
        return Math.max(16, positions <= 1 ? 1 : Integer.highestOneBit(positions - 1) << 1);
    }

    /// Returns the bytes of the keys and values of a slot on the device, which do not depend on the sequence's length.
    public long slotBytes() {
        return transformer.cacheBytes() / slots;
    }

    /// Puts a sequence into a free slot: the next step computes its prompt and draws its first token.
    public void join(int slot, int[] prompt) {
        plan.admit(new Admission(slot, prompt, prompt.length, 0, SamplingParams.greedy(), NO_ENDING));
        plan.setBlock(slot, 0, slot);
        plan.beginSlice(slot);
        for (int position = 0; position < prompt.length; position++) {
            plan.addRow(prompt[position], position);
        }
        plan.sampleLastRow();
        lengths[slot] = prompt.length;
    }

    /// Adds a row for the slot's next token.
    public void decode(int slot) {
        addRow(slot, lengths[slot]++);
    }

    /// Adds a padding row for a slot whose sequence has ended, which is computed because its slot lies between live
    /// ones.
    void pad(int slot) {
        addRow(slot, lengths[slot] - 1);
    }

    private void addRow(int slot, int position) {
        plan.beginSlice(slot);
        plan.addRow(StepPlan.NEWEST, position);
        plan.sampleLastRow();
    }

    /// Moves a sequence with its keys and values to a free slot.
    void move(int from, int to) {
        transformer.copyBlock(from, to);
        plan.moveSlot(from, to);
        plan.setBlock(to, 0, to);
        plan.setBlock(from, 0, from);
        lengths[to] = lengths[from];
    }

    /// Computes the moves and rows that were given since the last step.
    ///
    /// @return the drawn tokens, in the order in which slots were given; valid until the next step
    public int[] step() {
        transformer.launch(plan);
        transformer.finish(plan);
        plan.clear();
        return plan.sampledTokens;
    }

    @Override
    public void close() {
        backend.close();
    }
}
