package dev.flover.engine.scheduling;

import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.kvcache.PrefixIndex;
import dev.flover.engine.sampling.TokenSet;
import java.util.Arrays;

/// One answer inside the engine: its tokens, and how far the steps planned so far compute them.
///
/// ```
///   tokens   p p p p p p g g g ? ?        known: prompt, generated      ?: drawn by steps under way
///            ├──── computed ────►┤        positions whose keys and values planned steps fill
///            [ block ][ block ][ block ]
/// ```
final class Sequence {
    enum State { WAITING, RUNNING, ENDED }

    /// Joining: the plan will give it a slot.
    static final int NO_SLOT = -1;

    final long id;
    final SequenceRequest request;

    private final int promptLength;
    private final int stretchedBeyond;
    private final TokenSet stopIds;
    final int topLogprobs;

    /// Most tokens, prompt included: what was asked for, within the model's context.
    final int mostTokens;

    State state = State.WAITING;
    private int[] tokens;
    private int length;

    /// Tokens that steps under way will draw, though the sequence does not run any more.
    int lateTokens;

    /// Where its numbers are while it runs; these here are up to date only after [Seats#recall] then.
    int seat = Seats.NONE;

    /// Positions that planned steps compute.
    int computed;

    /// Positions before this one are computed from known ids; the step that reaches it draws the first token.
    int prefillEnd;

    /// The first prompt position that no planned step scores and that is asked for; the prompt's length if none is.
    int scoreFrom;

    /// Rows in the step being planned, the last of them at `computed - 1`.
    int rows;

    int slot = NO_SLOT;
    int[] blocks = new int[0];
    int blockCount;

    /// Whether its planned positions are turned as those of a long sequence.
    boolean stretched;

    /// Entries of the block table that the backend has been told.
    int announcedBlocks;

    /// Leading blocks that the prefix index has been told or has provided, and its name for their text.
    int indexedBlocks;
    long indexedText = PrefixIndex.ROOT;

    /// @param stretchedBeyond as in [dev.flover.engine.model.ModelConfig#stretchedBeyond]
    Sequence(long id, SequenceRequest request, int contextLength, int stretchedBeyond) {
        this.id = id;
        this.request = request;
        this.stretchedBeyond = stretchedBeyond;
        mostTokens = (int) Math.min((long) request.promptIds().length + request.maxTokens(), contextLength);
        promptLength = request.promptIds().length;
        stopIds = request.stopIds();
        topLogprobs = request.sampling().topLogprobs();
        length = promptLength + request.generatedIds().length;
        scoreFrom = Math.min(request.promptLogprobs().from(), promptLength);
        tokens = Arrays.copyOf(request.promptIds(), length);
        System.arraycopy(request.generatedIds(), 0, tokens, request.promptIds().length, request.generatedIds().length);
    }

    /// Whether prompt tokens are still to be scored.
    boolean scoring() {
        return scoreFrom < promptLength;
    }

    /// How many of the next rows score a token.
    int scoredAmong(int rowCount) {
        int end = Math.min(computed + rowCount, promptLength - 1);
        return Math.max(0, end - Math.max(computed, scoreFrom - 1));
    }

    /// Most of the next rows that score no more than so many tokens.
    int rowsThatScore(int most) {
        int first = Math.max(computed, scoreFrom - 1);
        boolean all = !scoring() || first + most >= promptLength - 1;
        return all ? Integer.MAX_VALUE : first + most - computed;
    }

    /// The leading positions that need not be computed if their keys and values are there: what follows from the last
    /// known one, and what predicts a token to be scored, is wanted.
    int shareablePositions() {
        return scoring() ? scoreFrom - 1 : length - 1;
    }

    /// Higher priority first, then earlier arrival.
    boolean outranks(Sequence other) {
        return request.priority() != other.request.priority()
                ? request.priority() > other.request.priority()
                : id < other.id;
    }

    /// Known tokens.
    int length() {
        return length;
    }

    /// Prompt, then generated ids; longer than [#length].
    int[] tokens() {
        return tokens;
    }

    int promptLength() {
        return promptLength;
    }

    TokenSet stopIds() {
        return stopIds;
    }

    /// Tokens in the answer, those that existed at admission included.
    int generated() {
        return length - promptLength;
    }

    /// Makes room for everything the sequence can become, so that running it allocates nothing.
    void prepareToRun(int blockTokens) {
        if (tokens.length < mostTokens) {
            tokens = Arrays.copyOf(tokens, mostTokens);
            blocks = new int[Math.ceilDiv(mostTokens, blockTokens)];
        }
        prefillEnd = length;
        stretched = length > stretchedBeyond;
    }

    /// Whether it has outgrown the way in which its positions were turned: all must be computed again, in the other.
    boolean mustStretch() {
        return !stretched && length > stretchedBeyond;
    }

    /// Most positions that can be computed before it must be stretched.
    int mostComputed() {
        return stretched ? mostTokens - 1 : Math.min(mostTokens - 1, stretchedBeyond);
    }

    /// Most tokens before something other than one more token follows.
    int mostBeforeChange() {
        return stretched || stretchedBeyond >= mostTokens ? mostTokens : stretchedBeyond + 1;
    }

    /// A position as the backend's rotary tables know it.
    int turn(int position) {
        return stretched && position < stretchedBeyond ? position - stretchedBeyond : position;
    }

    /// How a slot's state on the device begins.
    Admission admission() {
        return new Admission(
                slot, Arrays.copyOf(tokens, length), promptLength, request.answerIndex(),
                request.sampling(), request.stopIds().tokens(), request.constraint());
    }

    void append(int token) {
        tokens[length++] = token;
    }

    boolean prefilling() {
        return computed < prefillEnd;
    }

    /// Whether a step can draw one more token after those under way: what follows the last position that is computed.
    boolean canDecode() {
        return computed >= prefillEnd && computed < mostComputed();
    }

    /// Why the sequence ends with its newest token; null if it goes on.
    FinishReason finishReason() {
        if (stopIds.contains(tokens[length - 1])) {
            return FinishReason.STOP;
        }
        return length == mostTokens ? FinishReason.LENGTH : null;
    }
}
