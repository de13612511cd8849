package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.SlabShape;
import dev.flover.engine.backend.StepPlan;
import java.util.Arrays;

/// Runs plans without arithmetic: the "keys and values" of a position are a hash of the tokens up to it.
///
/// Each row checks that the cache cells to which it would attend hold the tokens of its own sequence, all of them and
/// no others. The drawn token is a function of that hash, and so is the logprob of a scored one. So a wrong block, slot
/// or token changes the answer, and so does a position with the rotary frequencies of short sequences in a long
/// sequence, or the other way round. Within one step, cells that a slice writes may be read by that slice only. The
/// device computes one layer, or one for each of two block tables; the second layer's cells hold other numbers than the
/// first one's. As both share memory, writing to a slab overwrites what it held of the other layer.
final class SimulatedDevice {
    private static final long START = 0x1234567;

    private final int vocabulary;
    private final int blockTokens;
    private final int stretchedBeyond;
    private final Layer[] layers;
    /// By slab: the layer to which it was written last.
    private final Layer[] owners;
    private final int[] newest;
    private long step;

    /// The keys and values that one block table refers to.
    private static final class Layer {
        final int window;
        final int perSlab;
        final long[][] cells;
        /// The number in the cell before a cell, when it was written.
        final long[][] before;
        final int[][] tables;
        final long[] writtenInStep;
        final int[] writtenBySlot;

        Layer(int window, int slabs, int perSlab, int blockTokens, int slots, int entries) {
            int blocks = slabs * perSlab;
            this.window = window;
            this.perSlab = perSlab;
            cells = new long[blocks][blockTokens];
            before = new long[blocks][blockTokens];
            tables = new int[slots][entries];
            writtenInStep = new long[blocks];
            writtenBySlot = new int[blocks];
        }
    }

    /// @param slab    the division of memory among the blocks of both tables
    /// @param windows for each table, the positions that a row sees; 0 for all
    SimulatedDevice(
            int vocabulary, SlabShape slab, int slabs, int blockTokens, int slots, int entries, int stretchedBeyond,
            int[] windows) {
        this.vocabulary = vocabulary;
        this.blockTokens = blockTokens;
        this.stretchedBeyond = stretchedBeyond;
        layers = new Layer[windows.length];
        Arrays.setAll(layers, i -> new Layer(
                windows[i], slabs, slab.blocks(i), blockTokens, slots, entries));
        owners = new Layer[slabs];
        newest = new int[slots];
    }

    /// The answer to a prompt that the simulated device must give.
    static int[] expected(int[] prompt, int count, int vocabulary, int stretchedBeyond) {
        int[] text = Arrays.copyOf(prompt, prompt.length + count);
        for (int length = prompt.length; length < text.length; length++) {
            long hash = START;
            for (int i = 0; i < length; i++) {
                hash = extend(hash, text[i], length > stretchedBeyond);
            }
            text[length] = draw(hash, vocabulary);
        }
        return Arrays.copyOfRange(text, prompt.length, text.length);
    }

    /// The logprob that the simulated device must give to a prompt's token at a position.
    static float expectedLogprob(int[] prompt, int position, int stretchedBeyond) {
        long hash = START;
        for (int i = 0; i < position; i++) {
            hash = extend(hash, prompt[i], prompt.length > stretchedBeyond);
        }
        return logprob(hash);
    }

    void run(StepPlan plan) {
        step++;
        for (int i = 0; i < plan.moves(); i++) {
            for (var layer : layers) {
                layer.tables[plan.moveTo[i]] = layer.tables[plan.moveFrom[i]].clone();
            }
            newest[plan.moveTo[i]] = newest[plan.moveFrom[i]];
        }
        for (var admission : plan.admissions()) {
            newest[admission.slot()] = admission.history()[admission.history().length - 1];
        }
        for (int i = 0; i < plan.edits(); i++) {
            layers[plan.editTables[i]].tables[plan.editSlots[i]][plan.editIndexes[i]] = plan.editBlocks[i];
        }
        int sample = 0;
        for (int row = 0; row < plan.rows(); row++) {
            int slot = plan.rowSlots[row];
            int token = plan.tokenIds[row] == StepPlan.NEWEST ? newest[slot] : plan.tokenIds[row];
            int position = plan.positions[row];
            long hash = extend(cell(layers[0], slot, position - 1), token, stretched(plan, row));
            for (int i = 0; i < layers.length; i++) {
                set(layers[i], slot, position, hash + i);
                checkVisible(layers[i], slot, position, i);
            }
            if (sample < plan.samples() && plan.sampleRows[sample] == row) {
                assertThat(plan.sampleSlots[sample]).isEqualTo(slot);
                if (plan.isScored(sample)) {
                    plan.sampledTokens[sample] = plan.sampleTargets[sample];
                    plan.sampledLogprobs[sample] = logprob(hash);
                } else {
                    newest[slot] = draw(hash, vocabulary);
                    plan.sampledTokens[sample] = newest[slot];
                    plan.sampledLogprobs[sample] = Float.NaN;
                }
                sample++;
            }
        }
        assertThat(sample).isEqualTo(plan.samples());
    }

    private void checkVisible(Layer layer, int slot, int last, int number) {
        int first = layer.window == 0 ? 0 : Math.max(0, last + 1 - layer.window);
        for (int position = first + 1; position <= last; position++) {
            int block = layer.tables[slot][position / blockTokens];
            assertThat(layer.before[block][position % blockTokens])
                    .as("the position before " + position).isEqualTo(cell(layer, slot, position - 1));
        }
        for (int position = first; position <= last; position++) {
            assertThat(cell(layer, slot, position)).as("position " + position + " in layer " + number)
                    .isEqualTo(cell(layers[0], slot, position) + number);
        }
    }

    private boolean stretched(StepPlan plan, int row) {
        int turn = plan.turns[row];
        assertThat(turn).isIn(plan.positions[row], plan.positions[row] - stretchedBeyond);
        return turn < 0 || turn >= stretchedBeyond;
    }

    private long cell(Layer layer, int slot, int position) {
        if (position < 0) {
            return START;
        }
        int block = layer.tables[slot][position / blockTokens];
        assertThat(layer.writtenInStep[block] < step || layer.writtenBySlot[block] == slot).isTrue();
        return layer.cells[block][position % blockTokens];
    }

    private void set(Layer layer, int slot, int position, long hash) {
        int block = layer.tables[slot][position / blockTokens];
        overwrite(block / layer.perSlab, layer);
        layer.cells[block][position % blockTokens] = hash;
        layer.before[block][position % blockTokens] = position == 0 ? START : cell(layer, slot, position - 1);
        layer.writtenInStep[block] = step;
        layer.writtenBySlot[block] = slot;
    }

    private void overwrite(int slab, Layer layer) {
        var owner = owners[slab];
        owners[slab] = layer;
        if (owner != null && owner != layer) {
            for (int block = slab * owner.perSlab; block < (slab + 1) * owner.perSlab; block++) {
                Arrays.fill(owner.cells[block], -1);
                Arrays.fill(owner.before[block], -2);
                owner.writtenInStep[block] = step;
                owner.writtenBySlot[block] = -1;
            }
        }
    }

    private static long extend(long hash, int token, boolean stretched) {
        long mixed = (hash ^ token) * (stretched ? 0xD6E8FEB86659FD93L : 0x9E3779B97F4A7C15L);
        return mixed ^ mixed >>> 29;
    }

    private static float logprob(long hash) {
        return -draw(hash, 1 << 20);
    }

    private static int draw(long hash, int vocabulary) {
        return (int) Long.remainderUnsigned(hash * 0xD6E8FEB86659FD93L >>> 7, vocabulary);
    }
}
