package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.StepPlan;
import java.util.Arrays;

/// Runs plans without arithmetic: the "keys and values" of a position are a hash of the tokens up to it.
///
/// Each row checks that the cache cells to which it would attend hold the tokens of its own sequence, all of them and
/// no others. The drawn token is a function of that hash. So a wrong block, slot or token changes the answer, and so
/// does a position with the rotary frequencies of short sequences in a long sequence, or the other way round. Within
/// one step, cells that a slice writes may be read by that slice only.
final class SimulatedDevice {
    private static final long START = 0x1234567;

    private final int vocabulary;
    private final int blockTokens;
    private final int stretchedBeyond;
    private final int window;
    private final long[][] cells;
    /// The number in the cell before a cell, when it was written.
    private final long[][] before;
    private final int[][] blockTables;
    private final int[] newest;
    private final long[] writtenInStep;
    private final int[] writtenBySlot;
    private long step;

    /// @param window the positions that a row sees; 0 for all
    SimulatedDevice(int vocabulary, int blocks, int blockTokens, int slots, int stretchedBeyond, int window) {
        this.window = window;
        this.vocabulary = vocabulary;
        this.blockTokens = blockTokens;
        this.stretchedBeyond = stretchedBeyond;
        cells = new long[blocks][blockTokens];
        before = new long[blocks][blockTokens];
        blockTables = new int[slots][blocks];
        newest = new int[slots];
        writtenInStep = new long[blocks];
        writtenBySlot = new int[blocks];
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

    void run(StepPlan plan) {
        step++;
        for (int i = 0; i < plan.moves(); i++) {
            blockTables[plan.moveTo[i]] = blockTables[plan.moveFrom[i]].clone();
            newest[plan.moveTo[i]] = newest[plan.moveFrom[i]];
        }
        for (var admission : plan.admissions()) {
            newest[admission.slot()] = admission.history()[admission.history().length - 1];
        }
        for (int i = 0; i < plan.edits(); i++) {
            blockTables[plan.editSlots[i]][plan.editIndexes[i]] = plan.editBlocks[i];
        }
        int sample = 0;
        for (int row = 0; row < plan.rows(); row++) {
            int slot = plan.rowSlots[row];
            int token = plan.tokenIds[row] == StepPlan.NEWEST ? newest[slot] : plan.tokenIds[row];
            long hash = extend(cell(slot, plan.positions[row] - 1), token, stretched(plan, row));
            set(slot, plan.positions[row], hash);
            checkVisible(slot, plan.positions[row]);
            if (sample < plan.samples() && plan.sampleRows[sample] == row) {
                assertThat(plan.sampleSlots[sample]).isEqualTo(slot);
                newest[slot] = draw(hash, vocabulary);
                plan.sampledTokens[sample] = newest[slot];
                plan.sampledLogprobs[sample] = Float.NaN;
                sample++;
            }
        }
        assertThat(sample).isEqualTo(plan.samples());
    }

    private void checkVisible(int slot, int last) {
        int first = window == 0 ? 0 : Math.max(0, last + 1 - window);
        for (int position = first + 1; position <= last; position++) {
            assertThat(before[blockTables[slot][position / blockTokens]][position % blockTokens])
                    .as("the position before " + position).isEqualTo(cell(slot, position - 1));
        }
    }

    private boolean stretched(StepPlan plan, int row) {
        int turn = plan.turns[row];
        assertThat(turn).isIn(plan.positions[row], plan.positions[row] - stretchedBeyond);
        return turn < 0 || turn >= stretchedBeyond;
    }

    private long cell(int slot, int position) {
        if (position < 0) {
            return START;
        }
        int block = blockTables[slot][position / blockTokens];
        assertThat(writtenInStep[block] < step || writtenBySlot[block] == slot).isTrue();
        return cells[block][position % blockTokens];
    }

    private void set(int slot, int position, long hash) {
        int block = blockTables[slot][position / blockTokens];
        cells[block][position % blockTokens] = hash;
        before[block][position % blockTokens] = cell(slot, position - 1);
        writtenInStep[block] = step;
        writtenBySlot[block] = slot;
    }

    private static long extend(long hash, int token, boolean stretched) {
        long mixed = (hash ^ token) * (stretched ? 0xD6E8FEB86659FD93L : 0x9E3779B97F4A7C15L);
        return mixed ^ mixed >>> 29;
    }

    private static int draw(long hash, int vocabulary) {
        return (int) Long.remainderUnsigned(hash * 0xD6E8FEB86659FD93L >>> 7, vocabulary);
    }
}
