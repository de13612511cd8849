package dev.flover.topology.generation;

import dev.flover.schemas.FinishReason;
import dev.flover.topology.avro.AvroAnswerException;
import dev.flover.topology.request.ForeignTopics;
import dev.flover.topology.request.ForeignTopics.Place;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Writes finished answers as Avro records to the topic that their request names, in the transaction of the request's
/// terminal chunk.
final class AnswerRecords {
    private final ProcessParts parts;
    private final Output output;
    private final int partition;

    AnswerRecords(ProcessParts parts, Output output, int partition) {
        this.parts = parts;
        this.output = output;
        this.partition = partition;
    }

    /// Whether the end of a request's last answer has to wait, because it is not known yet whether the topic of its
    /// records accepts them.
    boolean mustWait(LiveAnswer answer, long now) {
        var generation = answer.generation();
        if (generation.recordTopic() == null) {
            return false;
        }
        return generation.isLast(answer, now)
                && parts.foreign().standing(new Place(topicOf(generation), null), generation.drawnAt, 0, now)
                instanceof ForeignTopics.Standing.Unknown;
    }

    /// Writes the records of a request's answers once the last answer has ended, and adds the reason to the ending of
    /// an answer that gets no record.
    ///
    /// @param terminal whether this answer is the last of its request: then the records of all answers are written
    void write(LiveAnswer answer, boolean terminal, long now) {
        var generation = answer.generation();
        if (generation.recordTopic() == null || !answer.isEnded()) {
            return;
        }
        var reason = answer.ending().reason();
        if (reason != FinishReason.STOP && reason != FinishReason.REJECTED) {
            answer.say("the answer ended before it was complete, so no record was written to "
                    + generation.recordTopic());
        }
        if (terminal) {
            for (var each : generation.answers) {
                if (each.ending().reason() == FinishReason.STOP) {
                    write(each, answer, now);
                }
            }
        }
    }

    /// Writes the record of one answer.
    ///
    /// @param last the answer whose ending reports a failure
    private void write(LiveAnswer answer, LiveAnswer last, long now) {
        var generation = answer.generation();
        String topic = topicOf(generation);
        byte[] record;
        try {
            var prepared = Objects.requireNonNull(generation.ticket.prepared, "an answer without a constraint");
            record = Objects.requireNonNull(prepared.records(), "the constraint has no schema of Avro")
                    .encode(answer.drawnText());
        } catch (AvroAnswerException e) {
            last.say("answer " + answer.index() + " could not be written as a record: " + e.getMessage());
            return;
        }
        String problem = problem(generation, record.length, now);
        if (problem == null) {
            output.record(answer, topic, record, partition);
        } else {
            output.recordAside(answer, topic, record, partition, problem);
            last.say("the record of answer " + answer.index() + " was put on " + parts.config().topics().deadLetters()
                    + ": " + problem);
        }
    }

    private static String topicOf(LiveGeneration generation) {
        return Objects.requireNonNull(generation.recordTopic(), "the request names no topic for records");
    }

    private @Nullable String problem(LiveGeneration generation, int bytes, long now) {
        var forbidden = parts.mentions().refusal(generation.stored.getRequest());
        if (forbidden != null) {        // the settings have changed since the request was taken in
            return forbidden.message();
        }
        var place = new Place(topicOf(generation), null);
        var standing = generation.drawnAt < 0 ? parts.foreign().latest(place, bytes, now)
                : parts.foreign().standing(place, generation.drawnAt, bytes, now);
        return switch (standing) {
            case ForeignTopics.Standing.Takes takes -> null;
            case ForeignTopics.Standing.Refuses(String reason) -> "record_topic " + reason;
            case ForeignTopics.Standing.Unknown unknown -> "record_topic '" + place.topic() + "' has not been checked";
        };
    }
}
