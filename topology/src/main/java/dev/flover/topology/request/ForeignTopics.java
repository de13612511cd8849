package dev.flover.topology.request;

import dev.flover.schemas.StoredReply;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.request.Inquiries.Answer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Looks up topics that belong to other applications, and that requests name for their answers.
///
/// A record for such a topic is part of the transaction of all requests in progress. A topic is looked up before its
/// request is taken in, and once more when the answer is complete: if the topic has changed meanwhile, only that record
/// is put aside, and the terminal chunk says so. A change in the last milliseconds before the commit is left to
/// `SparedRecords`.
///
/// Used by the stream threads.
public final class ForeignTopics {
    private static final String INTERNAL = "__";
    private static final Set<String> OF_REGISTRIES = Set.of("_schemas");
    /// How long a record waits for the broker's answer about its topic, in ms. While the broker does not answer at all,
    /// all requests wait anyway.
    private static final long PATIENCE_MS = 10_000;
    private static final long RECENT_MS = 5_000;
    private static final long RENEWED_AFTER_MS = 2_500;

    private final PipelineConfig config;
    private final Inquiries<String, Found> looks;

    /// A topic that exists and may be written.
    ///
    /// @param bytes the largest value of a record
    public record Found(int bytes, int partitions) {
        /// The reason why a record cannot be written to the topic; null where it can.
        ///
        /// @param size the record's size in bytes
        public @Nullable String problem(Place place, int size) {
            if (place.partition() != null && place.partition() >= partitions) {
                return "'" + place.topic() + "' has the partitions 0 to " + (partitions - 1) + ", and not "
                        + place.partition();
            }
            return size <= bytes ? null : "'" + place.topic() + "' takes records of " + Math.max(0, bytes)
                    + " bytes, and this one has " + size;
        }
    }

    /// The place where a record is to be written.
    ///
    /// @param partition null where the record's key decides
    public record Place(String topic, @Nullable Integer partition) {
        public static Place of(StoredReply reply) {
            return new Place(reply.getTopic(), reply.getPartition());
        }
    }

    /// The answer to the question whether a record can be written to a topic now.
    public sealed interface Standing {
        record Takes() implements Standing {}

        record Refuses(String reason) implements Standing {}

        /// The topic is being looked up.
        record Unknown() implements Standing {}
    }

    /// @param looks asks the broker whether a topic can be written
    public ForeignTopics(PipelineConfig config, Inquiries<String, Found> looks) {
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
    Answer<Found> look(String topic, long since, long now) {
        return looks.ask(topic, since, now);
    }

    /// Looks a topic up before a request that names it is taken in, where many requests name the same topic: a look of
    /// the last seconds counts, unless it refused the topic, and is made again in time.
    Answer<Found> recent(String topic, long since, long now) {
        looks.ask(topic, now - RENEWED_AFTER_MS, now);
        var answer = looks.ask(topic, since - RECENT_MS, now);
        return answer instanceof Answer.Known ? answer : looks.ask(topic, since, now);
    }

    boolean hasNews(String topic, long since, long now) {
        return looks.hasNews(topic, since, now);
    }

    /// Looks a topic up before a record is written to it.
    ///
    /// @param since since when the record has been ready to be written, ms
    /// @param bytes the record's size
    /// @param now   monotonic time in ms
    public Standing standing(Place place, long since, int bytes, long now) {
        var answer = looks.ask(place.topic(), since, now);
        if (answer instanceof Answer.Later && now - since > PATIENCE_MS) {
            return new Standing.Refuses(
                    "'" + place.topic() + "' could not be checked within " + PATIENCE_MS / 1000 + " s");
        }
        return standing(place, answer, bytes);
    }

    /// Whether a record can be written to a topic, by the latest known state of the topic. If that state is some
    /// seconds old, a new look-up of the topic begins, whose result later calls use.
    ///
    /// @param bytes the record's size
    /// @param now   monotonic time in ms
    public Standing latest(Place place, int bytes, long now) {
        looks.ask(place.topic(), now - RENEWED_AFTER_MS, now);
        return standing(place, looks.ask(place.topic(), 0, now), bytes);
    }

    private static Standing standing(Place place, Answer<Found> answer, int bytes) {
        return switch (answer) {
            case Answer.Known<Found>(Found found) -> {
                String problem = found.problem(place, bytes);
                yield problem == null ? new Standing.Takes() : new Standing.Refuses(problem);
            }
            case Answer.Refused<Found>(String reason) -> new Standing.Refuses(reason);
            case Answer.Later<Found> later -> new Standing.Unknown();
        };
    }
}
