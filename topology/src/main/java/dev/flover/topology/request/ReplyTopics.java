package dev.flover.topology.request;

import dev.flover.schemas.StoredReply;
import dev.flover.topology.records.ReplyHeaders;
import dev.flover.topology.request.ForeignTopics.Place;
import java.util.function.LongPredicate;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// Looks up the topics to which requests want their results sent, before the requests are taken in.
///
/// Used by the stream threads.
public final class ReplyTopics {
    /// The size of records, in bytes, that a topic has to take at least. The size of a result is known only at its end;
    /// one that does not fit goes to the dead letters.
    private static final int LEAST_BYTES = 8 << 10;

    private final @Nullable Pattern allowed;
    private final ForeignTopics topics;

    /// The outcome of looking at the headers of a request's record.
    public sealed interface Sight {
        /// @param reply null where the request names no topic
        record Ready(@Nullable StoredReply reply) implements Sight {}

        record Refused(String reason) implements Sight {}

        /// The broker's answer is still missing.
        ///
        /// @param news whether looking again may have another result, at a given time in ms
        record Later(LongPredicate news) implements Sight {}
    }

    /// @param allowed the names that a request may give, each as a whole; null allows none
    public ReplyTopics(@Nullable Pattern allowed, ForeignTopics topics) {
        this.allowed = allowed;
        this.topics = topics;
    }

    /// Looks up the topic that a record's headers name.
    ///
    /// @param since when the request was read, ms
    /// @param now   monotonic time in ms
    public Sight look(Headers headers, long since, long now) {
        return switch (ReplyHeaders.of(headers)) {
            case ReplyHeaders.None none -> new Sight.Ready(null);
            case ReplyHeaders.Malformed(String reason) -> new Sight.Refused(reason);
            case ReplyHeaders.Named(StoredReply reply) -> look(reply, since, now);
        };
    }

    /// The reason why the pipeline's settings forbid a topic; null where they allow it.
    public @Nullable String refusal(StoredReply reply) {
        String topic = reply.getTopic();
        if (!RequestMentions.matches(allowed, topic)) {
            return "the reply topic '" + RequestCheck.brief(topic) + "' may not be named here: "
                    + RequestMentions.hint("reply-topics", allowed);
        }
        return topics.isOwn(topic)
                ? "the reply topic '" + topic + "' is one of the pipeline's own topics, or internal to Kafka; name "
                        + "another topic"
                : null;
    }

    /// The topic that a record's headers name, without looking it up; null where there is none or it is forbidden.
    public @Nullable StoredReply unseen(Headers headers) {
        return ReplyHeaders.of(headers) instanceof ReplyHeaders.Named(StoredReply reply) && refusal(reply) == null
                ? reply : null;
    }

    private Sight look(StoredReply reply, long since, long now) {
        String topic = reply.getTopic();
        String refusal = refusal(reply);
        if (refusal != null) {
            return new Sight.Refused(refusal);
        }
        return switch (topics.recent(topic, since, now)) {
            case Inquiries.Answer.Known<ForeignTopics.Found>(ForeignTopics.Found found) -> {
                String problem = found.problem(new Place(topic, reply.getPartition()), LEAST_BYTES);
                yield problem == null ? new Sight.Ready(reply) : new Sight.Refused("the reply topic " + problem);
            }
            case Inquiries.Answer.Refused<ForeignTopics.Found>(String reason) ->
                    new Sight.Refused("the reply topic " + reason);
            case Inquiries.Answer.Later<ForeignTopics.Found> later ->
                    new Sight.Later(at -> topics.hasNews(topic, since, at));
        };
    }
}
