package dev.flover.app.bench.fusion;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.forward.Transformer;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;

/// The transformer and the kernels of the engine, with keys and values of a slot in one piece of the longest length, as
/// servers had them before paging. It computes what it is told, slot by slot; who is in a slot is the caller's matter.
///
/// ```
///   slot 0  [kkkkkkkkkk......]   = block 0
///   slot 1  [kkk.............]   = block 1        a move copies a block
/// ```
///
/// A step is told first its moves, then its rows, and computed by [#step].
final class ContiguousEngine implements AutoCloseable {
    private static final int[] NO_ENDING = {};

    private final Backend backend;
    private final Transformer transformer;
    private final StepPlan plan;
    private final int slots;

    /// Computed positions of each slot.
    private final int[] lengths;

    /// @param backend   closed with this
    /// @param positions most of a sequence
    /// @param rows      most in a step
    ContiguousEngine(Model model, Backend backend, int slots, int positions, int rows) {
        this.backend = backend;
        this.slots = slots;
        var config = model.config();
        int block = blockTokens(positions);
        transformer = new Transformer(model, backend, slots, rows, () -> new CacheShape(
                config.layers().size(), config.heads(), config.kvHeads(), config.headDim(), config.vocabulary(),
                slots, block, slots, block), (layers, all) -> { });
        plan = new StepPlan(rows, slots);
        lengths = new int[slots];
    }

    /// Backends want blocks of a power of two.
    static int blockTokens(int positions) {
        return Math.max(16, positions <= 1 ? 1 : Integer.highestOneBit(positions - 1) << 1);
    }

    /// What the keys and values of a slot take on the device, however long its sequence is.
    long slotBytes() {
        return transformer.cacheBytes() / slots;
    }

    /// A sequence begins in a free slot: its prompt is computed, and its first token drawn, in the coming step.
    void join(int slot, int[] prompt) {
        plan.admit(new Admission(slot, prompt, prompt.length, 0, SamplingParams.greedy(), NO_ENDING));
        plan.setBlock(slot, 0, slot);
        plan.beginSlice(slot);
        for (int position = 0; position < prompt.length; position++) {
            plan.addRow(prompt[position], position);
        }
        plan.sampleLastRow();
        lengths[slot] = prompt.length;
    }

    /// The slot's next token.
    void decode(int slot) {
        addRow(slot, lengths[slot]++);
    }

    /// A row for a slot whose sequence has ended and that is computed only because it lies between others.
    void pad(int slot) {
        addRow(slot, lengths[slot] - 1);
    }

    private void addRow(int slot, int position) {
        plan.beginSlice(slot);
        plan.addRow(StepPlan.NEWEST, position);
        plan.sampleLastRow();
    }

    /// A sequence goes to a free slot, with its keys and values.
    void move(int from, int to) {
        transformer.copyBlock(from, to);
        plan.moveSlot(from, to);
        plan.setBlock(to, 0, to);
        plan.setBlock(from, 0, from);
        lengths[to] = lengths[from];
    }

    /// Computes what was told since the last step.
    ///
    /// @return the tokens drawn, in the order in which slots were told; valid until the next step
    int[] step() {
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
