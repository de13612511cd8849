package dev.flover.engine.backend;

import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The description of one step, as flat arrays of ints. The scheduler fills it, the backend reads it, and it is reused.
///
/// A plan is owned by one part at a time: by the scheduler until the plan is submitted, by the step queue until the
/// step has ended, then by the scheduler again.
///
/// The device applies moves first, then admissions, then block edits, then computes the rows. Slot numbers in
/// admissions, block edits and rows are those after the moves.
public final class StepPlan {
    /// A value in [#tokenIds]: the row's token is its slot's newest one, which an earlier step drew and the host may
    /// not yet have read.
    public static final int NEWEST = -1;

    // Rows, one slice after another
    public final int[] tokenIds;
    public final int[] positions;
    /// The position by which [dev.flover.engine.model.ModelConfig.Rotary#angle] rotates the row. Equal to the row's
    /// position, except for the first positions of a long sequence in models that rotate those differently.
    public final int[] turns;
    public final int[] rowSlots;
    private int rows;

    // Slices: the consecutive rows of one sequence
    public final int[] sliceSlots;
    public final int[] sliceFirstRows;
    public final int[] sliceRows;
    private int slices;

    // Samples: rows whose logits are needed. The last row of a slice may draw a token; others score the token after
    // them
    public final int[] sampleRows;
    public final int[] sampleSlots;
    public final int[] sampleTargets;
    public final int[] sampleAlternatives;
    private int samples;

    // Edits of slot state
    public final int[] moveFrom;
    public final int[] moveTo;
    private int moves;
    private final List<Admission> admissions = new ArrayList<>();
    public int[] editTables = new int[64];
    public int[] editSlots = new int[64];
    public int[] editIndexes = new int[64];
    public int[] editBlocks = new int[64];
    private int edits;

    // Results, by sample
    public final int[] sampledTokens;
    public final float[] sampledLogprobs;
    public final int[] alternativeTokens;
    public final float[] alternativeLogprobs;

    /// A value in [#sampleTargets]: the row draws a token.
    public static final int DRAWS = -1;

    /// The most rows of a step that score a token of a prompt.
    public static final int MOST_SCORED = 32;

    /// A value in [#sampledTokens]: the row's logits were not all finite.
    public static final int NOT_FINITE = -1;

    /// A value in [#sampledTokens]: the sequence's constraint allows no further token.
    public static final int NOTHING_FITS = -2;

    /// The most alternatives (other likely tokens with their log-probabilities) that a request may ask for.
    public static final int MAX_ALTERNATIVES = 20;

    /// A sequence begins to occupy a slot.
    ///
    /// @param history      prompt ids, then generated ids; copied by the backend
    /// @param promptLength how many ids of `history` are the prompt
    /// @param answerIndex  number of the answer within its request, part of the random key of every draw
    /// @param ending       ids that may not be drawn before `sampling.minTokens()` tokens have been
    /// @param constraint   the constraint that the answer must satisfy, or null
    public record Admission(
            int slot, int[] history, int promptLength, int answerIndex, SamplingParams sampling, int[] ending,
            @Nullable Constraint constraint) {
        /// An admission without a constraint.
        public Admission(
                int slot, int[] history, int promptLength, int answerIndex, SamplingParams sampling, int[] ending) {
            this(slot, history, promptLength, answerIndex, sampling, ending, null);
        }
    }

    public StepPlan(int tokenBudget, int slots) {
        tokenIds = new int[tokenBudget];
        positions = new int[tokenBudget];
        turns = new int[tokenBudget];
        rowSlots = new int[tokenBudget];
        sliceSlots = new int[slots];
        sliceFirstRows = new int[slots];
        sliceRows = new int[slots];
        int samples = mostSamples(slots);
        sampleRows = new int[samples];
        sampleSlots = new int[samples];
        sampleTargets = new int[samples];
        sampleAlternatives = new int[samples];
        moveFrom = new int[slots];
        moveTo = new int[slots];
        sampledTokens = new int[samples];
        sampledLogprobs = new float[samples];
        alternativeTokens = new int[samples * MAX_ALTERNATIVES];
        alternativeLogprobs = new float[samples * MAX_ALTERNATIVES];
    }

    /// The most rows of a step whose logits are needed: one draw for every slot, and the rows that score.
    public static int mostSamples(int slots) {
        return slots + MOST_SCORED;
    }

    public void clear() {
        rows = 0;
        slices = 0;
        samples = 0;
        moves = 0;
        edits = 0;
        admissions.clear();
    }

    /// Begins a slice; [#addRow] then adds its rows.
    public void beginSlice(int slot) {
        sliceSlots[slices] = slot;
        sliceFirstRows[slices] = rows;
        sliceRows[slices] = 0;
        slices++;
    }

    public void addRow(int tokenId, int position) {
        addRow(tokenId, position, position);
    }

    /// @param turn the row's value in [#turns]
    public void addRow(int tokenId, int position, int turn) {
        assert slices > 0;
        tokenIds[rows] = tokenId;
        positions[rows] = position;
        turns[rows] = turn;
        rowSlots[rows] = sliceSlots[slices - 1];
        sliceRows[slices - 1]++;
        rows++;
    }

    /// Fills a plan with `count` slices of one row each, which continue from their slots' newest tokens and draw the
    /// next ones. To be called on an empty plan, after the first `count` entries of [#rowSlots], [#positions] and
    /// [#turns] have been written.
    public void beginWithDraws(int count) {
        repeatDraws(count);
        Arrays.fill(tokenIds, 0, count, NEWEST);
        Arrays.fill(sliceRows, 0, count, 1);
        Arrays.fill(sampleTargets, 0, count, DRAWS);
        Arrays.fill(sampleAlternatives, 0, count, 0);
        System.arraycopy(rowSlots, 0, sliceSlots, 0, count);
        System.arraycopy(rowSlots, 0, sampleSlots, 0, count);
        for (int i = 0; i < count; i++) {
            sliceFirstRows[i] = i;
            sampleRows[i] = i;
        }
    }

    /// Does the same as [#beginWithDraws] where the plan's previous step began with draws for the same slots in the
    /// same order. Only the entries of [#positions] and [#turns] have to be written before.
    public void repeatDraws(int count) {
        assert rows == 0;
        rows = count;
        slices = count;
        samples = count;
    }

    /// Lets the last row added draw its slot's next token. Returns the index of the sample.
    public int sampleLastRow() {
        return addSample(DRAWS, 0);
    }

    /// Lets the last row added score `target`, the token known to follow it. Returns the index of the sample.
    public int scoreLastRow(int target, int alternatives) {
        return addSample(target, alternatives);
    }

    private int addSample(int target, int alternatives) {
        sampleRows[samples] = rows - 1;
        sampleSlots[samples] = rowSlots[rows - 1];
        sampleTargets[samples] = target;
        sampleAlternatives[samples] = alternatives;
        return samples++;
    }

    /// Whether a sample scores a known token instead of drawing one.
    public boolean isScored(int sample) {
        return sampleTargets[sample] != DRAWS;
    }

    /// Moves all state of a slot to another slot, which is free.
    public void moveSlot(int from, int to) {
        moveFrom[moves] = from;
        moveTo[moves] = to;
        moves++;
    }

    public void admit(Admission admission) {
        admissions.add(admission);
    }

    /// As the other method, for the slot's first block table.
    public void setBlock(int slot, int index, int block) {
        setBlock(0, slot, index, block);
    }

    /// Sets entry `index` of one of the slot's block tables to `block`. At most one call in a step for each entry.
    ///
    /// @param table as [Backend.CacheShape#table]
    public void setBlock(int table, int slot, int index, int block) {
        if (edits == editSlots.length) {
            editTables = Arrays.copyOf(editTables, edits * 2);
            editSlots = Arrays.copyOf(editSlots, edits * 2);
            editIndexes = Arrays.copyOf(editIndexes, edits * 2);
            editBlocks = Arrays.copyOf(editBlocks, edits * 2);
        }
        editTables[edits] = table;
        editSlots[edits] = slot;
        editIndexes[edits] = index;
        editBlocks[edits] = block;
        edits++;
    }

    public int rows() {
        return rows;
    }

    public int slices() {
        return slices;
    }

    public int samples() {
        return samples;
    }

    public int moves() {
        return moves;
    }

    public int edits() {
        return edits;
    }

    public List<Admission> admissions() {
        return admissions;
    }
}
