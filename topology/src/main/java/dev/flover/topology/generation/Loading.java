package dev.flover.topology.generation;

import dev.flover.engine.tokenizer.AnswerText;
import dev.flover.schemas.StoredRequest;
import dev.flover.topology.request.ContentKey;
import dev.flover.topology.request.RequestPlan;
import dev.flover.topology.state.PartitionState;
import dev.flover.topology.waiting.Ticket;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Queue;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// Makes tickets and generations from the stored requests and stored progress of one partition.
final class Loading {
    private final ProcessParts parts;
    private final PartitionState state;
    private final int partition;
    private final Mailbox mailbox;
    private final Queue<Ticket> granted;

    /// @param mailbox receives the answers with new tokens
    /// @param granted receives the tickets whose turn has come
    Loading(ProcessParts parts, PartitionState state, int partition, Mailbox mailbox, Queue<Ticket> granted) {
        this.parts = parts;
        this.state = state;
        this.partition = partition;
        this.mailbox = mailbox;
        this.granted = granted;
    }

    /// Reads an unfinished request from the state.
    StoredRequest stored(Bytes id) {
        return Objects.requireNonNull(state.request(id), "an unfinished request is not in the state");
    }

    /// Makes a generation with the progress that is in the state.
    LiveGeneration generation(Bytes id, Ticket ticket) {
        var stored = stored(id);
        var request = stored.getRequest();
        if (ticket.plan == null) {
            ticket.plan = parts.check().plan(request, stored.getPromptIds().size());
        }
        var generation = new LiveGeneration(id, stored, ticket.plan, ticket);
        var answers = state.answers(id, request.getAnswers());
        int preceding = generation.promptIds[generation.promptIds.length - 1];
        String opening = request.getEcho() ? parts.check().promptText(request, generation.promptIds) : "";
        var tokenizer = parts.model().tokenizer();
        for (int i = 0; i < answers.length; i++) {
            var text = tokenizer == null ? null : new AnswerText(tokenizer, preceding, request.getStop());
            generation.answers[i] = new LiveAnswer(generation, i, answers[i], opening, text, mailbox);
        }
        return generation;
    }

    /// Makes the ticket with which a request waits for its turn.
    ///
    /// @param bytes    size of the stored request
    /// @param restored whether the request was restored after a start
    Ticket ticket(StoredRequest stored, Ticket.Standing standing, int bytes, boolean restored) {
        var request = stored.getRequest();
        long advance = request.getPriority() * parts.config().sharing().priorityStep().toMillis();
        return new Ticket(request.getId(), request.getTenant(), standing, request.getBatch(),
                stored.getReadAt(), advance, stored.getArrival(), partition, stored.getPromptIds().size(), bytes,
                restored, granted);
    }

    /// Returns the digest by which equal requests find the answer, or null if the answer may not be given to others.
    @Nullable ByteBuffer contentOf(StoredRequest stored, RequestPlan plan) {
        return parts.config().remembering().answers() == 0 || stored.getRepeat()
                || stored.getRequest().getRecordTopic() != null ? null
                : ContentKey.of(stored, plan, parts.model().fingerprint(), parts.engine().arithmetic());
    }
}
