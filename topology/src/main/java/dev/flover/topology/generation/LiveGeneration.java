package dev.flover.topology.generation;

import dev.flover.engine.constraint.Constraint;
import dev.flover.schemas.StoredRequest;
import dev.flover.topology.request.RequestPlan;
import dev.flover.topology.request.TokenIds;
import dev.flover.topology.waiting.Ticket;
import org.apache.kafka.common.utils.Bytes;

/// A request that is being answered in this process.
final class LiveGeneration {
    final Bytes id;
    final StoredRequest stored;
    final RequestPlan plan;
    final int[] promptIds;
    final LiveAnswer[] answers;

    final Ticket ticket;

    /// Computed in steps without other sequences, until it has made progress.
    boolean alone;
    /// It was tried again after a crash and has not made progress since.
    boolean onTrial;
    /// When the last answer was complete, and the topic of its records was looked up first; -1 before.
    long drawnAt = -1;
    /// Count of commits when a suspect made its first progress; -1 before.
    long progressAt = -1;

    LiveGeneration(Bytes id, StoredRequest stored, RequestPlan plan, Ticket ticket) {
        this.id = id;
        this.stored = stored;
        this.plan = plan;
        this.promptIds = TokenIds.array(stored.getPromptIds());
        this.answers = new LiveAnswer[stored.getRequest().getAnswers()];
        this.ticket = ticket;
    }

    /// The constraint of its answers; null where there is none.
    Constraint constraint() {
        return ticket.prepared == null ? null : ticket.prepared.constraint();
    }

    /// The topic to which the finished answers are written as records; null if there is none. The answer to a repeated
    /// request is not written: its records were, when it was answered first.
    String recordTopic() {
        return stored.getRepeat() ? null : stored.getRequest().getRecordTopic();
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
