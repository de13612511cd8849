package dev.flover.topology.request;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredSchema;
import dev.flover.topology.config.PipelineConfig.Mentions;
import dev.flover.topology.records.RequestFault;
import java.util.function.LongPredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Looks up the schemas and topics that requests name: schemas by their subject in the registry, and other
/// applications' topics.
///
/// Used by the stream threads, which never wait for the registry or the broker.
public final class RequestMentions {
    public static final String AVRO = "AVRO";
    public static final String JSON = "JSON";
    private static final String SUBJECT = "schema_subject";
    private static final String TOPIC = "record_topic";
    private static final int MOST_CHARACTERS = 249;

    private final Mentions allowed;
    private final ForeignTopics topics;
    private final Inquiries<Subject, StoredSchema> subjects;

    /// A subject of the schema registry.
    ///
    /// @param version null for the latest
    public record Subject(String name, @Nullable Integer version) {
        @Override
        public String toString() {
            return "the subject " + name + (version == null ? "" : ", version " + version);
        }
    }

    /// The outcome of looking up the topics and subjects that a request names.
    public sealed interface Sight {
        /// All topics and subjects that the request names have been looked up, and it may use them.
        ///
        /// @param schema the subject's schema; null where the request names no subject
        record Ready(@Nullable StoredSchema schema) implements Sight {}

        /// The request may not use a topic or subject that it names, or it does not exist.
        record Refused(RequestFault fault) implements Sight {}

        /// An answer of the registry or the broker is still missing.
        ///
        /// @param news whether looking again may have another result, at a given time in ms
        record Later(LongPredicate news) implements Sight {}
    }

    public RequestMentions(Mentions allowed, ForeignTopics topics, Inquiries<Subject, StoredSchema> subjects) {
        this.allowed = allowed;
        this.topics = topics;
        this.subjects = subjects;
    }

    /// The reason why the pipeline's settings forbid a name in a request; null where they allow all its names.
    public @Nullable RequestFault refusal(GenerationRequest request) {
        String subject = request.getSchemaSubject();
        if (subject != null && !matches(allowed.schemaSubjects(), subject)) {
            return RequestFault.invalid(SUBJECT, "schema_subject '" + RequestCheck.brief(subject)
                    + "' may not be named here: " + hint("schema-subjects", allowed.schemaSubjects()));
        }
        String topic = request.getRecordTopic();
        if (topic != null && !matches(allowed.recordTopics(), topic)) {
            return RequestFault.invalid(TOPIC, "record_topic '" + RequestCheck.brief(topic)
                    + "' may not be named here: " + hint("record-topics", allowed.recordTopics()));
        }
        return topic != null && topics.isOwn(topic)
                ? RequestFault.invalid(TOPIC, "record_topic '" + topic + "' is one of the pipeline's own topics, or "
                        + "internal to Kafka; name another topic")
                : null;
    }

    static boolean matches(@Nullable Pattern pattern, String name) {
        return pattern != null && name.length() <= MOST_CHARACTERS && pattern.matcher(name).matches();
    }

    static String hint(String setting, @Nullable Pattern pattern) {
        return pattern == null
                ? "the pipeline's setting " + setting + " allows none"
                : "the pipeline's setting " + setting + " allows " + pattern;
    }

    /// Looks up the schema and the topic that a request names.
    ///
    /// @param since when the request was read, ms; where it asks for a subject's latest version, an older answer does
    ///              not count
    /// @param now   monotonic time in ms
    public Sight look(GenerationRequest request, long since, long now) {
        if (request.getSchemaSubject() == null) {
            return new Sight.Ready(null);
        }
        var subject = new Subject(request.getSchemaSubject(), request.getSchemaVersion());
        var found = subjects.ask(subject, subject.version() == null ? since : 0, now);
        if (found instanceof Inquiries.Answer.Refused<StoredSchema>(String reason)) {
            return new Sight.Refused(RequestFault.invalid(SUBJECT,
                    "schema_subject '" + subject.name() + "': " + reason));
        }
        if (!(found instanceof Inquiries.Answer.Known<StoredSchema>(StoredSchema schema))) {
            return new Sight.Later(at -> subjects.hasNews(subject, since, at));
        }
        String topic = request.getRecordTopic();
        if (topic == null) {
            return new Sight.Ready(schema);
        }
        if (!schema.getKind().equals(AVRO)) {
            return new Sight.Refused(RequestFault.invalid(TOPIC, "record_topic and schema_subject contradict each "
                    + "other: the schema of " + subject.name() + " is " + schema.getKind()
                    + ", and records are written in AVRO"));
        }
        return switch (topics.look(topic, since, now)) {
            case Inquiries.Answer.Known<ForeignTopics.Found> known -> new Sight.Ready(schema);
            case Inquiries.Answer.Refused<ForeignTopics.Found>(String reason) ->
                    new Sight.Refused(RequestFault.invalid(TOPIC, "record_topic " + reason));
            case Inquiries.Answer.Later<ForeignTopics.Found> later ->
                    new Sight.Later(at -> topics.hasNews(topic, since, at));
        };
    }
}
