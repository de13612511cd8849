package dev.flover.topology.generation;

import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.StoredReply;
import dev.flover.schemas.StoredRequest;
import dev.flover.topology.records.DeadLetter;
import dev.flover.topology.records.ReturnedHeaders;
import dev.flover.topology.records.ReturnedHeaders.Event;
import dev.flover.topology.request.ForeignTopics.Place;
import dev.flover.topology.request.ForeignTopics.Standing;
import dev.flover.topology.streams.OtherTopics;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/// Sends results to the reply topics that requests name, in the transaction of the results. A result that its reply
/// topic does not take goes to the dead letters.
final class Replies {
    private final ProcessorContext<byte[], Outgoing> context;
    private final ProcessParts parts;

    Replies(ProcessorContext<byte[], Outgoing> context, ProcessParts parts) {
        this.context = context;
        this.parts = parts;
    }

    /// Whether the end of a request's last answer has to wait, because it is not known yet whether the reply topic
    /// takes its result.
    boolean mustWait(LiveAnswer answer, long now) {
        var generation = answer.generation();
        var reply = generation.stored.getReply();
        return reply != null && generation.isLast(answer, now)
                && parts.foreign().standing(Place.of(reply), generation.drawnAt, 0, now) instanceof Standing.Unknown;
    }

    /// Whether the stored result of a request that was sent again has to wait, for the same reason.
    ///
    /// @param foundAt when the result was found, ms
    boolean mustWait(StoredRequest repeat, long foundAt, long now) {
        var reply = repeat.getReply();
        return reply != null
                && parts.foreign().standing(Place.of(reply), foundAt, 0, now) instanceof Standing.Unknown;
    }

    /// Begins to look up the reply topic of a request that is in the state, so that it is known when the request ends.
    void prepare(StoredRequest restored) {
        if (restored.getReply() != null) {
            parts.foreign().latest(Place.of(restored.getReply()), 0, context.currentSystemTimeMs());
        }
    }

    /// Finds out whether a request's result can be sent, and adds the reason to the ending of the last answer where it
    /// cannot.
    ///
    /// @param result the result as it would be sent
    void check(LiveAnswer last, Supplier<GenerationResult> result, long now) {
        var generation = last.generation();
        var reply = generation.stored.getReply();
        if (reply == null) {
            return;
        }
        int bytes = parts.asResult().apply(result.get()).length;
        generation.replyProblem = problem(reply, generation.drawnAt < 0
                ? parts.foreign().latest(Place.of(reply), bytes, now)
                : parts.foreign().standing(Place.of(reply), generation.drawnAt, bytes, now));
        if (generation.replyProblem != null) {
            last.say("the result was not sent to the reply topic, but put on " + parts.config().topics().deadLetters()
                    + ": " + generation.replyProblem);
        }
    }

    private @Nullable String problem(StoredReply reply, Standing standing) {
        String forbidden = parts.replyTopics().refusal(reply);
        if (forbidden != null) {
            return forbidden;
        }
        return switch (standing) {
            case Standing.Takes takes -> null;
            case Standing.Refuses(String reason) -> "the reply topic " + reason;
            case Standing.Unknown unknown -> "the reply topic '" + reply.getTopic() + "' has not been checked yet";
        };
    }

    /// Sends the result of a request, if it names a reply topic.
    ///
    /// @param result  the value of the result's record
    /// @param reply   null where the request names no reply topic
    /// @param event   the name of the result
    void send(Bytes id, @Nullable StoredReply reply, byte[] result, ReturnedHeaders returned, Event event) {
        if (reply != null) {
            var standing = parts.foreign().latest(Place.of(reply), result.length, context.currentSystemTimeMs());
            send(id, reply, result, returned, event, problem(reply, standing));
        }
    }

    /// Sends the result of a generation that [#check] was called for.
    void send(LiveGeneration generation, GenerationResult result, ReturnedHeaders returned) {
        var reply = generation.stored.getReply();
        if (reply != null) {
            send(generation.id, reply, parts.asResult().apply(result), returned,
                    Event.result(result.getRequestId()), generation.replyProblem);
        }
    }

    private void send(
            Bytes id, StoredReply reply, byte[] result, ReturnedHeaders returned, Event event,
            @Nullable String problem) {
        long at = parts.wall().getAsLong();
        var headers = returned.on(event, parts.config().topics().requests(), at);
        if (problem == null) {
            var value = new Outgoing.Addressed(reply.getTopic(), result);
            headers.add(OtherTopics.MARK, mark(reply.getPartition()));
            context.forward(new Record<>(id.get(), value, at, headers), value.sink());
        } else {
            var letter = DeadLetter.meantFor(reply.getTopic(), id.get(), result, headers, problem);
            var value = new Outgoing.DeadLetter(letter.value());
            context.forward(new Record<>(letter.key(), value, at, letter.headers()), value.sink());
            parts.metrics().deadLetter();
        }
    }

    private static byte[] mark(Integer partition) {
        return partition == null ? new byte[0] : ByteBuffer.allocate(Integer.BYTES).putInt(partition).array();
    }
}
