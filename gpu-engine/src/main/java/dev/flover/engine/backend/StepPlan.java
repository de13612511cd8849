package dev.flover.engine.backend;

import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What one step computes, as flat arrays of ints: filled by the scheduler, read by the backend, reused.
///
/// A plan is owned by one thread at a time: the scheduler's until it is submitted, the step queue's until the step has
/// ended, then the scheduler's again.
///
/// Order of effects on the device: moves, admissions, block edits, then the rows. Slot numbers in every later part are
/// those after the moves.
public final class StepPlan {
    /// In [#tokenIds]: the row's token is its slot's newest one, drawn by a step before this and perhaps not yet read.
    public static final int NEWEST = -1;

    // Rows: slice after slice
    public final int[] tokenIds;
    public final int[] positions;
    /// The position as [dev.flover.engine.model.ModelConfig.Rotary#angle] knows it: itself, but for the first positions
    /// of a long sequence where the model turns those in another way.
    public final int[] turns;
    public final int[] rowSlots;
    private int rows;

    // Slices: a sequence's consecutive rows
    public final int[] sliceSlots;
    public final int[] sliceFirstRows;
    public final int[] sliceRows;
    private int slices;

    // Sampling: rows whose logits are wanted. The last of a slice may draw; others score the token that follows them
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
    public int[] editSlots = new int[64];
    public int[] editIndexes = new int[64];
    public int[] editBlocks = new int[64];
    private int edits;

    // Results, by sampling row
    public final int[] sampledTokens;
    public final float[] sampledLogprobs;
    public final int[] alternativeTokens;
    public final float[] alternativeLogprobs;

    /// In [#sampleTargets]: the row draws a token.
    public static final int DRAWS = -1;

    /// Most rows of a step that score a prompt's tokens.
    public static final int MOST_SCORED = 32;

    /// In [#sampledTokens]: the row's logits were not all finite.
    public static final int NOT_FINITE = -1;

    /// In [#sampledTokens]: the sequence's constraint allows no further token.
    public static final int NOTHING_FITS = -2;

    /// Most alternatives a request may ask for.
    public static final int MAX_ALTERNATIVES = 20;

    /// A slot begins to hold a sequence.
    ///
    /// @param history      prompt ids, then generated ids; copied by the backend
    /// @param promptLength how many of them are the prompt
    /// @param answerIndex  part of the key of every draw
    /// @param ending       ids that may not be drawn before `sampling.minTokens()` tokens
    /// @param constraint   what the answer has to fit, or null
    public record Admission(
            int slot, int[] history, int promptLength, int answerIndex, SamplingParams sampling, int[] ending,
            Constraint constraint) {
        /// Of an answer that has to fit nothing.
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

    /// Most rows of a step whose logits are wanted: every slot may draw, and some rows score.
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

    /// Opens a slice; its rows follow with [#addRow].
    public void beginSlice(int slot) {
        sliceSlots[slices] = slot;
        sliceFirstRows[slices] = rows;
        sliceRows[slices] = 0;
        slices++;
    }

    public void addRow(int tokenId, int position) {
        addRow(tokenId, position, position);
    }

    /// @param turn as in [#turns]
    public void addRow(int tokenId, int position, int turn) {
        assert slices > 0;
        tokenIds[rows] = tokenId;
        positions[rows] = position;
        turns[rows] = turn;
        rowSlots[rows] = sliceSlots[slices - 1];
        sliceRows[slices - 1]++;
        rows++;
    }

    /// Slices of one row each, which continue from their slots' newest tokens and draw the next ones. They come first,
    /// and their [#rowSlots], [#positions] and [#turns] have been written.
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

    /// As [#beginWithDraws], of slots that this plan has begun with before, in this order; only their [#positions]
    /// and [#turns] have been written.
    public void repeatDraws(int count) {
        assert rows == 0;
        rows = count;
        slices = count;
        samples = count;
    }

    /// The newest row draws its slot's next token. Returns the index of its result.
    public int sampleLastRow() {
        return addSample(DRAWS, 0);
    }

    /// The newest row scores a token that is known to follow it. Returns the index of its result.
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

    /// All state of a slot moves to another, free one.
    public void moveSlot(int from, int to) {
        moveFrom[moves] = from;
        moveTo[moves] = to;
        moves++;
    }

    public void admit(Admission admission) {
        admissions.add(admission);
    }

    /// Entry `index` of the slot's block table becomes `block`. At most once a step for each entry.
    public void setBlock(int slot, int index, int block) {
        if (edits == editSlots.length) {
            editSlots = Arrays.copyOf(editSlots, edits * 2);
            editIndexes = Arrays.copyOf(editIndexes, edits * 2);
            editBlocks = Arrays.copyOf(editBlocks, edits * 2);
        }
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
