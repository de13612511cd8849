package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.flover.embedded.EmbeddedBroker;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.setup.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Topics on a real broker accept records from the moment of their creation.
class TopicsStoryTest {
    private static final TopicNames NAMES = new TopicNames("requests", "tokens", "results", "dead-letters",
            "models");

    /// The number of partitions, large enough that the first records arrive while their leaders are being elected.
    private static final int PARTITIONS = 150;
    private static final int RECORDS_EACH = 8;

    @TempDir
    private Path folder;

    @Test
    void topicsTakeEveryRecordAsSoonAsTheyAreCreated() {
        try (var broker = EmbeddedBroker.start(folder);
                var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
                var producer = producer(broker)) {
            new Topics(admin, NAMES).create(PARTITIONS, (short) 1, Duration.ofHours(1));
            var sent = new ArrayList<Future<RecordMetadata>>();
            for (int i = 0; i < RECORDS_EACH; i++) {
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    sent.add(producer.send(new ProducerRecord<>(NAMES.requests(), partition, null, new byte[10])));
                }
            }
            assertThatCode(() -> {
                for (var record : sent) {
                    record.get();
                }
            }).doesNotThrowAnyException();
        }
    }

    /// Makes a producer that sends each record in a produce request of its own, like a client with little load.
    private static KafkaProducer<byte[], byte[]> producer(EmbeddedBroker broker) {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 0, "batch.size", 0,
                        "request.timeout.ms", 5_000, "delivery.timeout.ms", 20_000),
                new ByteArraySerializer(), new ByteArraySerializer());
    }
}
