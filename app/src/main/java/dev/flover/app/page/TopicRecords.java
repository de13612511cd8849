package dev.flover.app.page;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.json.JsonOrAvroDeserializer;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.schemas.serdes.UndecodableRecordException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/// Reads single records of the topics, with a consumer for each call: for a person who looks at one of them.
final class TopicRecords {
    private static final Duration WAIT = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int MOST_LETTERS = 50;
    private static final int SHOWN_BYTES = 2_000;

    private final PageConfig.Topics topics;

    TopicRecords(PageConfig.Topics topics) {
        this.topics = topics;
    }

    /// A request as it is on its topic.
    ///
    /// @param timestamp the record's time, in ms since 1970
    record Written(GenerationRequest request, long timestamp) {}

    /// Reads the request at a place of the requests topic.
    ///
    /// @throws PageException if there is no such record any more, or it cannot be read
    Written request(int partition, long offset) {
        var place = new TopicPartition(topics.names().requests(), partition);
        try (var consumer = consumer();
                var requests = new JsonOrAvroDeserializer<>(GenerationRequest.class, ContractSerde.of(
                        GenerationRequest.class, topics.connection().registry()).deserializer())) {
            consumer.assign(List.of(place));
            consumer.seek(place, offset);
            long end = System.nanoTime() + WAIT.toNanos();
            while (System.nanoTime() < end) {
                for (var record : consumer.poll(POLL)) {
                    if (record.offset() != offset || record.value() == null) {
                        throw gone(place, offset);
                    }
                    return new Written(requests.deserialize(record.topic(), record.value()), record.timestamp());
                }
            }
            throw gone(place, offset);
        } catch (UndecodableRecordException e) {
            throw new PageException(422, e.getMessage(), e);
        } catch (KafkaException e) {
            throw failed("reading " + place.topic(), e);
        }
    }

    private static PageException gone(TopicPartition place, long offset) {
        return new PageException(404, "the record at offset " + offset + " of " + place + " is not on the topic: "
                + "retention deleted it, or it came over the topic of forwarded requests");
    }

    /// Reads the newest dead letters, the newest first.
    List<Map<String, Object>> deadLetters() {
        String topic = topics.names().deadLetters();
        try (var consumer = consumer()) {
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(each -> new TopicPartition(topic, each.partition())).toList();
            var ends = consumer.endOffsets(partitions);
            var begins = consumer.beginningOffsets(partitions);
            consumer.assign(partitions);
            begins.forEach((each, begin) -> consumer.seek(each,
                    Math.max(begin, Objects.requireNonNull(ends.get(each)) - MOST_LETTERS)));
            var letters = new ArrayList<ConsumerRecord<byte[], byte[]>>();
            long limit = System.nanoTime() + WAIT.toNanos();
            while (System.nanoTime() < limit
                    && ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(POLL).forEach(letters::add);
            }
            letters.sort(Comparator.comparingLong(ConsumerRecord<byte[], byte[]>::timestamp).reversed());
            return letters.stream().limit(MOST_LETTERS).map(TopicRecords::letter).toList();
        } catch (KafkaException e) {
            throw failed("reading " + topic, e);
        }
    }

    private static Map<String, Object> letter(ConsumerRecord<byte[], byte[]> record) {
        var letter = new LinkedHashMap<String, Object>();
        letter.put("key", text(record.key()));
        letter.put("at", record.timestamp());
        letter.put("bytes", record.value() == null ? 0 : record.value().length);
        letter.put("value", text(record.value()));
        record.headers().forEach(header -> {
            if (header.key().startsWith("flover.")) {
                letter.put(header.key().substring("flover.".length()), text(header.value()));
            }
        });
        return letter;
    }

    /// Returns bytes as text, without control characters and cut to a size that a person reads.
    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "" : new String(bytes, 0, Math.min(bytes.length, SHOWN_BYTES), StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}", "\u00b7");
    }

    /// Returns which member of the consumer group reads each partition of the requests topic: its client id and host.
    Map<Integer, String> owners() {
        var owners = new TreeMap<Integer, String>();
        try (var admin = Admin.create(new HashMap<String, Object>(topics.connection().admin()))) {
            var groups = admin.describeConsumerGroups(List.of(topics.group())).all().get();
            var group = Objects.requireNonNull(groups.get(topics.group()));
            for (var member : group.members()) {
                for (var partition : member.assignment().topicPartitions()) {
                    if (partition.topic().equals(topics.names().requests())) {
                        owners.put(partition.partition(), member.clientId() + " at "
                                + Optional.ofNullable(member.host()).orElse("").replaceFirst("^/", ""));
                    }
                }
            }
            return owners;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return owners;
        } catch (java.util.concurrent.ExecutionException e) {
            throw failed("describing the group " + topics.group(), Objects.requireNonNullElse(e.getCause(), e));
        } catch (KafkaException e) {
            throw failed("describing the group " + topics.group(), e);
        }
    }

    private static PageException failed(String what, Throwable cause) {
        return new PageException(502, what + " failed: " + cause.getMessage(), cause);
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        var properties = new HashMap<String, Object>(Map.of(
                "isolation.level", "read_committed", "enable.auto.commit", false, "fetch.max.wait.ms", 50,
                "default.api.timeout.ms", 10_000, "request.timeout.ms", 10_000, "allow.auto.create.topics", false));
        properties.putAll(topics.connection().consumer());
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
