package dev.flover.topology.request;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.request.Inquiries.Answer;
import java.util.Set;

/// Looks up topics that belong to other applications, and that requests name for the records of their answers.
///
/// A record for such a topic is part of the transaction of all requests in progress, and a topic that does not accept
/// the record would abort the transaction for all of them. Therefore a topic is looked up before its request is taken
/// in, and once more when the answer is complete: if the topic has changed meanwhile, only that record is lost.
///
/// Used by the stream thread alone.
public final class ForeignTopics {
    private static final String INTERNAL = "__";
    private static final Set<String> OF_REGISTRIES = Set.of("_schemas");
    /// How long a record waits for the broker's answer about its topic, in ms. While the broker does not answer at all,
    /// all requests wait anyway.
    private static final long PATIENCE_MS = 10_000;

    private final PipelineConfig config;
    private final Inquiries<String, Integer> looks;

    /// The answer to the question whether a record can be written to a topic now.
    public sealed interface Standing {
        record Takes() implements Standing {}

        record Refuses(String reason) implements Standing {}

        /// The topic is being looked up.
        record Unknown() implements Standing {}
    }

    /// @param looks asks the broker for the largest record that a topic accepts, in bytes
    public ForeignTopics(PipelineConfig config, Inquiries<String, Integer> looks) {
        this.config = config;
        this.looks = looks;
    }

    /// Whether a topic is one of the pipeline's own, or internal to Kafka or to a schema registry.
    boolean isOwn(String topic) {
        return topic.startsWith(INTERNAL) || OF_REGISTRIES.contains(topic) || config.topics().all().contains(topic)
                || topic.startsWith(config.applicationId() + "-");
    }

    /// Looks a topic up before a request that names it is taken in.
    ///
    /// @param since when the request was read, ms; an older answer does not count
    /// @param now   monotonic time in ms
    Answer<Integer> look(String topic, long since, long now) {
        return looks.ask(topic, since, now);
    }

    boolean hasNews(String topic, long since, long now) {
        return looks.hasNews(topic, since, now);
    }

    /// Looks a topic up before a record is written to it.
    ///
    /// @param since since when the record has been ready to be written, ms
    /// @param bytes the record's size
    /// @param now   monotonic time in ms
    public Standing standing(String topic, long since, int bytes, long now) {
        var answer = looks.ask(topic, since, now);
        if (answer instanceof Answer.Later && now - since > PATIENCE_MS) {
            return new Standing.Refuses("'" + topic + "' could not be checked within " + PATIENCE_MS / 1000 + " s");
        }
        return switch (answer) {
            case Answer.Known<Integer>(Integer most) -> bytes <= most
                    ? new Standing.Takes()
                    : new Standing.Refuses("'" + topic + "' takes records of " + most + " bytes, and this one has "
                            + bytes);
            case Answer.Refused<Integer>(String reason) -> new Standing.Refuses(reason);
            case Answer.Later<Integer> later -> new Standing.Unknown();
        };
    }
}
