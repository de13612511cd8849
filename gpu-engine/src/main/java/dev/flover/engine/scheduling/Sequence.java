package dev.flover.engine.scheduling;

import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.kvcache.PrefixIndex;
import dev.flover.engine.sampling.TokenSet;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One answer inside the engine: its tokens, and how far the planned steps compute them.
///
/// ```
///   tokens   p p p p p p g g g ? ?        known: prompt, generated      ?: drawn by steps in flight
///            ├──── computed ────►┤        positions whose keys and values planned steps fill
///            [ block ][ block ][ block ]
/// ```
final class Sequence {
    enum State { WAITING, RUNNING, ENDED }

    final long id;
    final SequenceRequest request;

    private final Seats seats;
    private final int promptLength;
    private final int stretchedBeyond;
    private final TokenSet stopIds;
    final int topLogprobs;

    /// The most tokens that the sequence can have, prompt included: as many as requested, within the model's context.
    final int mostTokens;

    State state = State.WAITING;
    private int[] tokens;

    /// The number of tokens in the answer while the sequence has no seat.
    private int generated;

    /// The number of tokens of the answer that are in `tokens`.
    private int copied;

    /// The number of tokens that steps in flight will still draw, although the sequence no longer runs.
    int lateTokens;

    /// The seat that holds the slot of this sequence, its planned positions and its newest tokens while it runs.
    int seat = Seats.NONE;

    /// The end of the positions that are computed from known ids; the step that reaches it draws the next token.
    int prefillEnd;

    /// The first prompt position that must be scored and that no planned step scores; the prompt's length if there is
    /// none.
    int scoreFrom;

    /// The end of the positions that were computed earlier, here or in an earlier process. Below it, a prefill computes
    /// again.
    int computedBefore;

    /// The number of rows in the step being planned; the last of them is at position `computed() - 1`.
    int rows;

    /// The blocks of the layers that read the first block table.
    final BlockTable blocks = new BlockTable();

    /// The blocks of the layers that read the second block table; empty if there is none.
    final BlockTable windowed = new BlockTable();

    /// Whether the planned positions use the rotary frequencies of a long sequence.
    boolean stretched;

    /// The number of leading blocks that are in the prefix index, and the index's serial number for the tokens up to
    /// their end.
    int indexedBlocks;
    long indexedText = PrefixIndex.ROOT;

    /// @param stretchedBeyond as in [dev.flover.engine.model.ModelConfig#stretchedBeyond]: the length beyond which all
    ///                        positions use other rotary frequencies
    Sequence(long id, SequenceRequest request, int contextLength, int stretchedBeyond, Seats seats) {
        this.id = id;
        this.request = request;
        this.seats = seats;
        this.stretchedBeyond = stretchedBeyond;
        mostTokens = (int) Math.min((long) request.promptIds().length + request.maxTokens(), contextLength);
        promptLength = request.promptIds().length;
        stopIds = request.stopIds();
        topLogprobs = request.sampling().topLogprobs();
        generated = request.generatedIds().length;
        copied = generated;
        computedBefore = generated == 0 ? 0 : promptLength + generated - 1;
        scoreFrom = Math.min(request.promptLogprobs().from(), promptLength);
        tokens = Arrays.copyOf(request.promptIds(), promptLength + generated);
        System.arraycopy(request.generatedIds(), 0, tokens, promptLength, generated);
    }

    /// Whether prompt tokens remain to be scored.
    boolean scoring() {
        return scoreFrom < promptLength;
    }

    /// The number of tokens that the next `rowCount` rows score.
    int scoredAmong(int rowCount) {
        int end = Math.min(computed() + rowCount, promptLength - 1);
        return Math.max(0, end - Math.max(computed(), scoreFrom - 1));
    }

    /// The most of the next rows that together score at most `most` tokens.
    int rowsThatScore(int most) {
        int first = Math.max(computed(), scoreFrom - 1);
        boolean all = !scoring() || first + most >= promptLength - 1;
        return all ? Integer.MAX_VALUE : first + most - computed();
    }

    /// The number of leading positions that can be taken from shared blocks. Positions whose output is needed must be
    /// computed: the last known one, and those that predict a token to be scored.
    int shareablePositions() {
        return scoring() ? scoreFrom - 1 : length() - 1;
    }

    boolean isBackground() {
        return request.background();
    }

    /// Whether this sequence comes before another one: background sequences last, then by higher priority, then by
    /// earlier arrival.
    boolean outranks(Sequence other) {
        if (isBackground() != other.isBackground()) {
            return other.isBackground();
        }
        return request.priority() != other.request.priority()
                ? request.priority() > other.request.priority()
                : id < other.id;
    }

    /// The number of known tokens.
    int length() {
        return promptLength + generated();
    }

    /// The prompt ids, then the generated ids. The array is longer than [#length].
    int[] tokens() {
        for (int end = generated(); copied < end; copied++) {
            tokens[promptLength + copied] = seats.recent(seat, copied);
        }
        return tokens;
    }

    /// The number of positions that the planned steps compute.
    int computed() {
        return seat == Seats.NONE ? 0 : seats.computed(seat);
    }

    int promptLength() {
        return promptLength;
    }

    TokenSet stopIds() {
        return stopIds;
    }

    /// The number of tokens in the answer, including those that existed at admission.
    int generated() {
        return seat == Seats.NONE ? generated : seats.generated(seat);
    }

    /// Allocates arrays for the longest that the sequence can become, so that running it allocates nothing.
    ///
    /// @param twoTables whether some layers read a second block table
    void prepareToRun(int blockTokens, boolean twoTables) {
        if (tokens.length < mostTokens) {
            tokens = Arrays.copyOf(tokens, mostTokens);
            blocks.reserve(Math.ceilDiv(mostTokens, blockTokens));
            windowed.reserve(twoTables ? Math.ceilDiv(mostTokens, blockTokens) : 0);
        }
        prefillEnd = length();
        stretched = length() > stretchedBeyond;
    }

    /// Whether the sequence has grown beyond the length up to which its rotary frequencies apply, so that all positions
    /// must be computed again with the frequencies of long sequences.
    boolean mustStretch() {
        return !stretched && length() > stretchedBeyond;
    }

    /// The most positions that can be computed before the sequence must be stretched.
    int mostComputed() {
        return stretched ? mostTokens - 1 : Math.min(mostTokens - 1, stretchedBeyond);
    }

    /// The number of tokens up to which each drawn token is followed by just another one; then the sequence ends or
    /// must be stretched.
    int mostBeforeChange() {
        return stretched || stretchedBeyond >= mostTokens ? mostTokens : stretchedBeyond + 1;
    }

    /// The index of a position in the backend's rotary tables; negative for an early position of a long sequence.
    int turn(int position) {
        return stretched && position < stretchedBeyond ? position - stretchedBeyond : position;
    }

    /// The state with which the sequence's slot on the device begins.
    Admission admission(int slot) {
        return new Admission(
                slot, Arrays.copyOf(tokens(), length()), promptLength, request.answerIndex(),
                request.sampling(), request.stopIds().tokens(), request.constraint());
    }

    /// Appends a drawn token, after the tokens that were drawn before it.
    void append(int token) {
        tokens()[length()] = token;
        copied++;
        if (seat == Seats.NONE) {
            generated++;
        } else {
            seats.appended(seat);
        }
    }

    /// Leaves the seat, and takes its tokens along.
    void leave() {
        tokens();
        generated = copied;
        seat = Seats.NONE;
    }

    boolean prefilling() {
        return computed() < prefillEnd;
    }

    /// Whether a step can draw one more token after those of the steps in flight.
    boolean canDecode() {
        return computed() >= prefillEnd && computed() < mostComputed();
    }

    /// Why the sequence ends with its newest token; null if it continues.
    @Nullable FinishReason finishReason() {
        if (stopIds.contains(tokens()[length() - 1])) {
            return FinishReason.STOP;
        }
        return length() == mostTokens ? FinishReason.LENGTH : null;
    }
}
