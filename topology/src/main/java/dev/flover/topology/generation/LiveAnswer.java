package dev.flover.topology.generation;

import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.PromptLogprobs;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.tokenizer.AnswerText;
import dev.flover.schemas.Alternative;
import dev.flover.schemas.StoredProgress;
import dev.flover.schemas.TokenLogprob;
import dev.flover.topology.request.TokenIds;
import dev.flover.topology.state.PartitionState.StoredAnswer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One answer of a live generation: the tokens that the engine has drawn, and how many of them have been sent.
///
/// ```
///   ids:   | from the state | sent in this life | drawn, not sent yet |
///          0                                 sent                 drawn
/// ```
///
/// The text is a function of the sent ids. After a restart, decoding the stored ids again therefore restores the text
/// and the decoder's state.
final class LiveAnswer {
    private static final long NOT_ADMITTED = -1;
    private static final int MAX_SEGMENT = 64;

    private final LiveGeneration generation;
    private final int index;
    private final Mailbox mailbox;
    /// Null where the model file has no tokenizer.
    private final @Nullable AnswerText decoder;
    private final StringBuilder text = new StringBuilder();
    /// The length of the text before its first token, in characters: an echo of the prompt.
    private final int opening;
    /// The number of characters of the text that were sent.
    private int given;
    private final List<TokenLogprob> logprobs = new ArrayList<>();
    /// Logprobs of the prompt, from its second token on. They are sent with the answer's first tokens, so that both are
    /// committed together.
    private final List<TokenLogprob> promptLogprobs = new ArrayList<>();
    private final List<String> arithmetic = new ArrayList<>();
    private int[] ids;
    private int drawn;
    private int sent;
    private long sequence = NOT_ADMITTED;
    private long latestSequence = NOT_ADMITTED;
    private long sentAt;
    private int segmentStart;
    private long segmentCommits = -1;
    private boolean segmentNamesModel;
    /// Whether the last entry of `arithmetic` is not named by any segment yet.
    private boolean arithmeticIsNew;
    private boolean mailed;
    private @Nullable FinishReason finishedByEngine;
    private @Nullable Ending ending;

    /// Tokens and text that have become final since the previous [Fresh].
    ///
    /// @param position       index of the first id in the answer
    /// @param logprobs       one for each id; null where the request asks for none
    /// @param promptLogprobs the logprobs of the prompt, in the first one only: of all of it, unless the answer ended
    ///                       before; otherwise empty
    record Fresh(
            int position, List<Integer> ids, String text, @Nullable List<TokenLogprob> logprobs,
            List<TokenLogprob> promptLogprobs) {
        boolean isEmpty() {
            return ids.isEmpty() && text.isEmpty();
        }
    }

    /// The progress of an answer from one commit to the next.
    ///
    /// @param position index of its first id in the answer
    record Segment(int position, StoredProgress progress) {}

    /// @param stored  the answer's progress in the state
    /// @param opening the text before the answer's first token: an echo of the prompt, or empty
    /// @param decoder a new decoder; null where the model file has no tokenizer
    LiveAnswer(LiveGeneration generation, int index, StoredAnswer stored, String opening, @Nullable AnswerText decoder,
            Mailbox mailbox) {
        this.generation = generation;
        this.index = index;
        this.mailbox = mailbox;
        this.decoder = decoder;
        ids = stored.ids().length == 0 ? new int[16] : stored.ids().clone();
        drawn = stored.ids().length;
        arithmetic.addAll(stored.arithmetic());
        this.opening = opening.length();
        text.append(opening);
        while (sent < drawn) {
            push();
        }
        if (stored.finish() != null) {
            if (decoder != null && !decoder.stopped()) {
                text.append(decoder.finish());
            }
            ending = new Ending(stored.finish(), "", stored.stop(), null);
        }
        given = stored.isBegun() ? text.length() : 0;
    }

    void admitted(long sequence) {
        this.sequence = sequence;
        latestSequence = sequence;
    }

    /// Forgets the ids that were drawn and not sent, because the engine has released the sequence. The engine will draw
    /// them again.
    void released() {
        sequence = NOT_ADMITTED;
        drawn = sent;
        logprobs.clear();
        promptLogprobs.clear();
        finishedByEngine = null;
    }

    /// The logprobs of the prompt that the engine has to report: none where the request asks for none, where they
    /// belong to another answer, or where they were sent.
    PromptLogprobs wantedOfPrompt() {
        var wanted = generation.stored.getRequest().getPromptLogprobs();
        return wanted == null || index > 0 || sent > 0 ? PromptLogprobs.NONE : new PromptLogprobs(1, wanted);
    }

    void promptScored(int position, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        assert position == promptLogprobs.size() + 1 : "expected the prompt's token at " + (promptLogprobs.size() + 1)
                + ", got the one at " + position;
        promptLogprobs.add(new TokenLogprob(tokenId, logprob, copied(alternatives)));
    }

    void drawn(int position, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        assert position == drawn : "expected the token at " + drawn + ", got the one at " + position;
        if (drawn == ids.length) {
            ids = Arrays.copyOf(ids, 2 * drawn);
        }
        ids[drawn++] = tokenId;
        if (generation.wantsLogprobs()) {
            logprobs.add(new TokenLogprob(tokenId, logprob, copied(alternatives)));
        }
        mail();
    }

    void finishedByEngine(FinishReason reason) {
        sequence = NOT_ADMITTED;
        finishedByEngine = reason;
        mail();
    }

    private void mail() {
        if (!mailed) {
            mailed = true;
            mailbox.add(this);
        }
    }

    private static List<Alternative> copied(@Nullable TopLogprobs alternatives) {
        if (alternatives == null) {
            return List.of();
        }
        var copy = new ArrayList<Alternative>(alternatives.count());
        for (int rank = 0; rank < alternatives.count(); rank++) {
            copy.add(new Alternative(alternatives.token(rank), alternatives.logprob(rank)));
        }
        return copy;
    }

    /// Notes that the answer has been taken from the mailbox.
    void unmailed() {
        mailed = false;
    }

    /// Whether there are tokens to send, or an ending by the engine.
    boolean hasUnsent() {
        return sent < drawn || isFinished();
    }

    /// Takes the tokens that were drawn since the last call, up to a stop string. Ends the answer at a stop string, or
    /// where the engine has ended it.
    Fresh take() {
        return take(null);
    }

    /// Takes the tokens that were drawn since the last call, and ends the answer for the given reason, unless it has
    /// ended by itself.
    Fresh end(Ending reason) {
        return take(reason);
    }

    private Fresh take(@Nullable Ending otherwise) {
        int position = sent;
        while (sent < drawn && ending == null) {
            push();
            String stop = decoder == null ? null : decoder.stop();
            if (stop != null) {
                ending = Ending.stoppedBy(stop);
            }
        }
        var reason = finishedByEngine == null ? otherwise : ending(finishedByEngine);
        if (ending == null && reason != null) {
            finish(reason);
        }
        return fresh(position);
    }

    private void finish(Ending reason) {
        if (decoder != null) {
            text.append(decoder.finish());
            String stop = decoder.stop();
            if (stop != null) {
                ending = Ending.stoppedBy(stop);
                return;
            }
        }
        ending = reason;
    }

    private void push() {
        if (decoder != null) {
            text.append(decoder.push(ids[sent]));
        }
        sent++;
    }

    private Fresh fresh(int position) {
        var taken = list(position);
        List<TokenLogprob> probabilities = null;
        if (generation.wantsLogprobs()) {
            var first = logprobs.subList(0, sent - position);
            probabilities = List.copyOf(first);
            first.clear();
        }
        String certain = text.substring(given);
        given = text.length();
        var ofPrompt = List.copyOf(promptLogprobs);
        promptLogprobs.clear();
        return new Fresh(position, taken, certain, probabilities, ofPrompt);
    }

    private static Ending ending(FinishReason reason) {
        return switch (reason) {
            case STOP -> Ending.plain(dev.flover.schemas.FinishReason.STOP);
            case LENGTH -> Ending.plain(dev.flover.schemas.FinishReason.LENGTH);
            case NOT_FINITE -> Ending.of(dev.flover.schemas.FinishReason.ERROR,
                    "the model computed logits that are not finite; other requests are not affected. Try other "
                            + "sampling parameters or another prompt, and report the model file if it happens again");
            case NOTHING_FITS -> Ending.of(dev.flover.schemas.FinishReason.ERROR,
                    "no token continues the answer within its constraint, or the constraint needs more memory than is "
                            + "allowed; simplify its patterns. Other requests are not affected");
        };
    }

    /// The newest segment of the answer's progress, up to the last sent id.
    ///
    /// Within one transaction the same segment grows, so that a generation leaves one segment for each commit and not
    /// one for each tick.
    ///
    /// @param position index of the first id that is new in it
    /// @param commits  the number of commits so far
    Segment segment(int position, long commits, String modelFingerprint) {
        if (segmentCommits != commits || sent - segmentStart > MAX_SEGMENT) {
            segmentStart = position;
            segmentCommits = commits;
            segmentNamesModel = arithmeticIsNew;
            arithmeticIsNew = false;
        }
        return new Segment(segmentStart, new StoredProgress(list(segmentStart),
                segmentNamesModel ? modelFingerprint : null, segmentNamesModel ? arithmetic.getLast() : null,
                ending == null ? null : ending.reason(), ending == null ? null : ending.stop()));
    }

    /// Notes the arithmetic that computed the newest ids. Where it differs from the previous one, the next new segment
    /// names it.
    void computedBy(String arithmeticFingerprint) {
        if (arithmetic.isEmpty() || !arithmetic.getLast().equals(arithmeticFingerprint)) {
            arithmetic.add(arithmeticFingerprint);
            arithmeticIsNew = true;
        }
    }

    private List<Integer> list(int from) {
        return TokenIds.list(Arrays.copyOfRange(ids, from, sent));
    }

    /// The fingerprints of the arithmetic that computed the answer's tokens, in the order of their use.
    String arithmetic() {
        return String.join(", then ", arithmetic);
    }

    LiveGeneration generation() {
        return generation;
    }

    int index() {
        return index;
    }

    boolean isAdmitted() {
        return sequence != NOT_ADMITTED;
    }

    long sequence() {
        return sequence;
    }

    /// The number of the answer in the engine, also after it has left it; -1 if it was never in the engine.
    long latestSequence() {
        return latestSequence;
    }

    /// Whether the engine has finished the answer.
    boolean isFinished() {
        return finishedByEngine != null;
    }

    /// The time in ms at which tokens were last sent in this life; 0 before the first.
    long sentAt() {
        return sentAt;
    }

    void sentAt(long now) {
        sentAt = now;
    }

    boolean isEnded() {
        return ending != null;
    }

    /// The reason why the answer ended, of an answer that has ended.
    Ending ending() {
        return Objects.requireNonNull(ending, "the answer has not ended");
    }

    /// Adds a sentence to the message of the ending.
    void say(String sentence) {
        var before = ending();
        ending = new Ending(before.reason(), (before.message() + " " + sentence).strip(), before.stop(),
                before.rejection());
    }

    /// The text that was sent so far, without an echo of the prompt.
    String drawnText() {
        return text.substring(opening);
    }

    /// The number of ids that were sent so far.
    int sent() {
        return sent;
    }

    int[] ids() {
        return Arrays.copyOf(ids, sent);
    }

    List<Integer> sentIds() {
        return list(0);
    }

    /// The text that was sent so far.
    String text() {
        return text.toString();
    }
}
