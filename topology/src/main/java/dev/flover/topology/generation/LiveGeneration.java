package dev.flover.topology.generation;

import dev.flover.engine.constraint.Constraint;
import dev.flover.schemas.StoredRequest;
import dev.flover.topology.notes.GenerationNotes.Note;
import dev.flover.topology.notes.GenerationNotes.Origin;
import dev.flover.topology.request.RequestPlan;
import dev.flover.topology.request.TokenIds;
import dev.flover.topology.waiting.Ticket;
import java.util.Locale;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// A request that is being answered in this process.
final class LiveGeneration {
    final Bytes id;
    final StoredRequest stored;
    final RequestPlan plan;
    final int[] promptIds;
    final LiveAnswer[] answers;

    final Ticket ticket;

    /// Whether the generation is computed in steps without other sequences, until it has made progress.
    boolean alone;
    /// Whether an attempt was stored for the generation, and it has made no progress since.
    boolean onTrial;
    /// The time in ms when the first token was written in this process; 0 before.
    long firstTokenAt;
    /// The time in ms when the last answer was complete; -1 before.
    long drawnAt = -1;
    /// The reason why the result cannot be sent to the reply topic; null where it can, or there is none.
    @Nullable String replyProblem;
    /// The number of commits when the suspect made its first progress; -1 before.
    long progressAt = -1;

    LiveGeneration(Bytes id, StoredRequest stored, RequestPlan plan, Ticket ticket) {
        this.id = id;
        this.stored = stored;
        this.plan = plan;
        this.promptIds = TokenIds.array(stored.getPromptIds());
        this.answers = new LiveAnswer[stored.getRequest().getAnswers()];
        this.ticket = ticket;
    }

    boolean isBatch() {
        return stored.getRequest().getBatch();
    }

    /// The constraint of the answers; null where there is none.
    @Nullable Constraint constraint() {
        return ticket.prepared == null ? null : ticket.prepared.constraint();
    }

    /// The topic to which the finished answers are written as records; null if there is none. The answer to a repeated
    /// request is not written: its records were, when it was answered first.
    @Nullable String recordTopic() {
        return stored.getRepeat() ? null : stored.getRequest().getRecordTopic();
    }

    /// Whether all other answers have ended. From the first such moment on, the topics of other applications are looked
    /// up for the last time.
    boolean isLast(LiveAnswer answer, long now) {
        for (var other : answers) {
            if (other != answer && !other.isEnded()) {
                return false;
            }
        }
        if (drawnAt < 0) {
            drawnAt = now;
        }
        return true;
    }

    /// The data about the request that readers on other threads get.
    Origin origin(int partition) {
        return new Origin(ticket.id, ticket.tenant, partition, stored.getArrival(), promptIds.length, plan.maxTokens(),
                ticket.readAt);
    }

    /// The note that the generation has ended.
    ///
    /// @param at the time in ms since 1970
    Note.Ended endNote(int partition, long at) {
        int tokens = 0;
        for (var answer : answers) {
            tokens += answer.sent();
        }
        String reason = answers[0].ending().reason().name().toLowerCase(Locale.ROOT);
        return new Note.Ended(origin(partition), reason, tokens, firstTokenAt, at, stored.getTraceparent());
    }

    boolean isEnded() {
        for (var answer : answers) {
            if (!answer.isEnded()) {
                return false;
            }
        }
        return true;
    }

    boolean wantsLogprobs() {
        return stored.getRequest().getLogprobs() != null;
    }
}
