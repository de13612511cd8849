package dev.flover.topology.generation;

import dev.flover.schemas.FinishReason;
import dev.flover.topology.avro.AvroAnswerException;
import dev.flover.topology.request.ForeignTopics;

/// Finished answers as records, on the topic that their request names, in the transaction of its terminal chunk.
final class AnswerRecords {
    private final ProcessParts parts;
    private final Output output;
    private final int partition;

    AnswerRecords(ProcessParts parts, Output output, int partition) {
        this.parts = parts;
        this.output = output;
        this.partition = partition;
    }

    /// Whether the last answer of a request has to wait until the state of its topic is known again.
    boolean mustWait(LiveAnswer answer, long now) {
        var generation = answer.generation();
        if (generation.recordTopic() == null) {
            return false;
        }
        for (var other : generation.answers) {
            if (other != answer && !other.isEnded()) {
                return false;
            }
        }
        if (generation.drawnAt < 0) {
            generation.drawnAt = now;
        }
        return parts.foreign().standing(generation.recordTopic(), generation.drawnAt, 0, now)
                instanceof ForeignTopics.Standing.Unknown;
    }

    /// Writes the records of a request whose last answer has ended, and says in an answer's ending why it has none.
    ///
    /// @param terminal whether it is the last of its request: then all of them are written
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

    /// @param last the answer whose chunk reports a failure
    private void write(LiveAnswer answer, LiveAnswer last, long now) {
        var generation = answer.generation();
        String topic = generation.recordTopic();
        byte[] record;
        try {
            record = generation.ticket.prepared.records().encode(answer.drawnText());
        } catch (AvroAnswerException e) {
            last.say("answer " + answer.index() + " could not be written as a record: " + e.getMessage());
            return;
        }
        var standing = parts.foreign().standing(topic, Math.max(0, generation.drawnAt), record.length, now);
        String problem = switch (standing) {
            case ForeignTopics.Standing.Takes takes -> null;
            case ForeignTopics.Standing.Refuses(String reason) -> reason;
            case ForeignTopics.Standing.Unknown unknown -> "'" + topic + "' has not been looked at";
        };
        if (problem == null) {
            output.record(answer, topic, record, partition);
        } else {
            output.recordAside(answer, topic, record, partition, "record_topic " + problem);
            last.say("the record of answer " + answer.index() + " was put on " + parts.config().topics().deadLetters()
                    + ": record_topic " + problem);
        }
    }
}
