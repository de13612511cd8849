package dev.flover.topology.records;

import dev.flover.schemas.StoredReply;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// The headers by which a request's record names a topic for its result: those of Spring for Apache Kafka, or plain
/// ones.
///
/// ```
///   kafka_replyTopic      reply-topic        name of a topic
///   kafka_replyPartition  reply-partition    4 bytes, big endian; or digits
///   kafka_correlationId   correlation-id     comes back unchanged, as other headers do
/// ```
public sealed interface ReplyHeaders {
    String SPRING_TOPIC = "kafka_replyTopic";
    String SPRING_PARTITION = "kafka_replyPartition";
    String PLAIN_TOPIC = "reply-topic";
    String PLAIN_PARTITION = "reply-partition";
    Set<String> NAMES = Set.of(SPRING_TOPIC, SPRING_PARTITION, PLAIN_TOPIC, PLAIN_PARTITION);

    /// The record names no topic.
    record None() implements ReplyHeaders {}

    record Named(StoredReply reply) implements ReplyHeaders {}

    /// @param reason what is wrong with the headers
    record Malformed(String reason) implements ReplyHeaders {}

    static ReplyHeaders of(Headers headers) {
        var spring = present(headers, SPRING_TOPIC);
        var plain = present(headers, PLAIN_TOPIC);
        var partition = present(headers, spring == null ? PLAIN_PARTITION : SPRING_PARTITION);
        if (spring != null && plain != null) {
            return new Malformed("of the headers " + SPRING_TOPIC + " and " + PLAIN_TOPIC + " at most one may be set, "
                    + "found both");
        }
        var named = spring == null ? plain : spring;
        if (named == null) {
            return new None();
        }
        String topic = text(named.value());
        if (topic == null || topic.isEmpty()) {
            return new Malformed("the header " + (spring == null ? PLAIN_TOPIC : SPRING_TOPIC)
                    + " must be the name of a topic in UTF-8, found " + (topic == null ? "other bytes" : "no bytes"));
        }
        if (partition == null) {
            return new Named(new StoredReply(topic, null));
        }
        Integer number = spring == null ? digits(partition.value()) : fourBytes(partition.value());
        return number == null || number < 0
                ? new Malformed("the header " + partition.key() + " must be a partition's number "
                        + (spring == null ? "in digits" : "in 4 bytes") + ", found "
                        + (number == null ? partition.value().length + " bytes" : number))
                : new Named(new StoredReply(topic, number));
    }

    private static @Nullable Header present(Headers headers, String name) {
        var header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : header;
    }

    private static @Nullable String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static @Nullable Integer fourBytes(byte[] bytes) {
        return bytes.length == Integer.BYTES ? Integer.valueOf(ByteBuffer.wrap(bytes).getInt()) : null;
    }

    private static @Nullable Integer digits(byte[] bytes) {
        String text = text(bytes);
        return text != null && text.matches("[0-9]{1,9}") ? Integer.valueOf(text) : null;
    }
}
