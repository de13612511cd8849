package dev.flover.topology.request;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.request.Inquiries.Answer;
import java.util.Set;

/// Topics of others that requests name, for records of their answers.
///
/// A record for such a topic is part of the transaction of all requests under way, and a topic that does not accept the
/// record would abort it for all. Therefore a topic is looked up before its request is taken in, and once more when the
/// answer is complete: if the topic has changed meanwhile, only that record is lost.
///
/// Used by the stream thread alone.
public final class ForeignTopics {
    private static final String INTERNAL = "__";
    private static final Set<String> OF_REGISTRIES = Set.of("_schemas");
    /// All requests wait for a broker that is away; for one that only does not answer about a topic, not for long.
    private static final long PATIENCE_MS = 10_000;

    private final PipelineConfig config;
    private final Inquiries<String, Integer> looks;

    /// Whether a record can be written now.
    public sealed interface Standing {
        record Takes() implements Standing {}

        record Refuses(String reason) implements Standing {}

        /// It is being looked at.
        record Unknown() implements Standing {}
    }

    /// @param looks most bytes of a record, by topic
    public ForeignTopics(PipelineConfig config, Inquiries<String, Integer> looks) {
        this.config = config;
        this.looks = looks;
    }

    /// Whether a topic is the pipeline's, or internal to Kafka or a registry.
    boolean isOwn(String topic) {
        return topic.startsWith(INTERNAL) || OF_REGISTRIES.contains(topic) || config.topics().all().contains(topic)
                || topic.startsWith(config.applicationId() + "-");
    }

    /// Before a request is taken in.
    Answer<Integer> look(String topic, long since, long now) {
        return looks.ask(topic, since, now);
    }

    boolean hasNews(String topic, long since, long now) {
        return looks.hasNews(topic, since, now);
    }

    /// Before a record is written.
    ///
    /// @param since when there was something to write
    /// @param bytes of the record
    public Standing standing(String topic, long since, int bytes, long now) {
        var answer = looks.ask(topic, since, now);
        if (answer instanceof Answer.Later && now - since > PATIENCE_MS) {
            return new Standing.Refuses("'" + topic + "' could not be looked at within " + PATIENCE_MS / 1000 + " s");
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
