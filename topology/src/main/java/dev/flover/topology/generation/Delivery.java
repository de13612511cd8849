package dev.flover.topology.generation;

import dev.flover.schemas.FinishReason;
import dev.flover.topology.state.PartitionState;
import java.nio.ByteBuffer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sends the tokens of one partition's answers as chunks, and stores their progress.
///
/// ```
///   Mailbox ─► kept back until the commit is near, or chunk interval is over ─► chunk ─► progress
///           └► not kept back, and sent before the commit, where the request is eager
/// ```
final class Delivery {
    private final ProcessParts parts;
    private final PartitionState state;
    private final Output output;
    private final Trials trials;
    private final int partition;
    private final AnswerRecords records;
    private final Mailbox mailbox = new Mailbox();
    private boolean keepsBack;
    private long keptBackSince;

    Delivery(ProcessParts parts, PartitionState state, Output output, Trials trials, int partition) {
        this.parts = parts;
        this.state = state;
        this.output = output;
        this.trials = trials;
        this.partition = partition;
        records = new AnswerRecords(parts, output, partition);
    }

    /// The queue of answers that have tokens to send.
    Mailbox mailbox() {
        return mailbox;
    }

    /// Takes the answers from the mailbox whose tokens can be sent now; the others stay in it.
    ///
    /// @param isLive whether a generation is the one that is live under its id; chunks of all others are dropped
    /// @param sender sends an answer's new tokens
    /// @param now    time in ms
    void send(Predicate<LiveGeneration> isLive, Sender sender, long now) {
        boolean mayWait = parts.commits().mayWait();
        boolean kept = false;
        for (int left = mailbox.size(); left > 0; left--) {
            var answer = mailbox.poll();
            if (!isLive.test(answer.generation()) || answer.isEnded()) {
                continue;
            }
            if (!answer.hasUnsent()) {      // the engine has released it, and will draw these tokens again
                answer.unmailed();
                continue;
            }
            if (!isEager(answer) && !answer.isFinished() && (answer.sentAt() > 0 || answer.generation().isBatch())
                    && (mayWait || sentLately(answer, now))) {
                mailbox.add(answer);
                kept |= mayWait;
                continue;
            }
            if (answer.isFinished() && (records.mustWait(answer, now) || output.replies().mustWait(answer, now))) {
                mailbox.add(answer);
                continue;
            }
            answer.unmailed();
            sender.send(answer, answer.take(), now);
        }
        keepBack(kept);
    }

    /// Sends an answer's new tokens.
    interface Sender {
        void send(LiveAnswer answer, LiveAnswer.Fresh fresh, long now);
    }

    private static boolean isEager(LiveAnswer answer) {
        return answer.generation().stored.getRequest().getEager();
    }

    private boolean sentLately(LiveAnswer answer, long now) {
        return now - answer.sentAt() < parts.config().pace().chunkInterval().toMillis();
    }

    private void keepBack(boolean kept) {
        if (kept && !keepsBack) {
            keptBackSince = parts.commits().now();
        }
        keepsBack = kept;
        if (kept) {
            parts.commits().keptBack(keptBackSince);
        }
    }

    /// Writes one chunk, and stores the answer's progress with it.
    ///
    /// @return whether it was the last chunk of its request, which then has to be closed
    boolean write(LiveAnswer answer, LiveAnswer.Fresh fresh, long now) {
        var generation = answer.generation();
        if (fresh.isEmpty() && !answer.isEnded()) {
            return false;
        }
        if (answer.isEnded()) {
            parts.engine().release(answer);
        }
        parts.room().used(generation.ticket, fresh.ids().size());
        measure(answer, fresh, now);
        boolean terminal = generation.isEnded();
        // The chunk names the reason of the ending, which records and replies may add to, and the arithmetic; so
        // these come first.
        records.write(answer, terminal, now);
        answer.computedBy(parts.engine().arithmetic());
        if (terminal) {
            output.replies().check(answer, () -> output.resultOf(generation), now);
        }
        output.chunk(answer, fresh, terminal);
        parts.engine().sent(answer);
        if (isEager(answer)) {
            parts.early().request();
        }
        if (isFirst(fresh) && !generation.isBatch()) {
            parts.commits().early();        // also where the text was withheld when its token was drawn
        }
        if (!terminal) {    // after the chunk: with at-least-once, a kill in between may repeat tokens, but loses none
            var segment = answer.segment(fresh.position(), parts.commits().count(), parts.model().fingerprint());
            state.putProgress(generation.id, answer.index(), segment.position(), segment.progress());
        }
        trials.progressed(generation);
        return terminal;
    }

    /// Writes the result of a generation whose last chunk has been written, and a dead letter if an answer ended with
    /// an error.
    ///
    /// @param content the digest by which equal requests find the answer; null if it may not be given to others
    /// @return the time of the result, in ms since 1970
    long end(LiveGeneration generation, @Nullable ByteBuffer content, long now) {
        long resultAt = output.result(generation, content);
        parts.notes().add(generation.endNote(partition, now));
        parts.metrics().ended(
                generation.answers[0].ending().reason(), generation.stored.getRequest().getTenant());
        for (var answer : generation.answers) {
            if (answer.ending().reason() == FinishReason.ERROR) {
                output.deadLetter(generation, answer.ending().message());
                break;
            }
        }
        return resultAt;
    }

    private static boolean isFirst(LiveAnswer.Fresh fresh) {
        return fresh.position() == 0 && !fresh.ids().isEmpty();
    }

    private void measure(LiveAnswer answer, LiveAnswer.Fresh fresh, long now) {
        int count = fresh.ids().size();
        if (count > 0) {
            if (answer.generation().firstTokenAt == 0) {
                answer.generation().firstTokenAt = now;
            }
            if (isFirst(fresh) && !answer.generation().isBatch()) {
                parts.metrics().firstTokenAfter(now - answer.generation().stored.getReadAt());
            } else if (answer.sentAt() > 0) {
                parts.metrics().tokensAfter(count, now - answer.sentAt());
            }
            answer.sentAt(now);
        }
    }
}
