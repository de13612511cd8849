package dev.flover.tests.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.backend.Backend;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.config.PipelineConfig.Mentions;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.setup.TopicLooks;
import dev.flover.topology.streams.OtherTopics;
import dev.flover.topology.streams.PipelineClients;
import dev.flover.topology.streams.ThreadSignals;
import dev.flover.topology.streams.TransactionTime;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AccessControlEntryFilter;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourcePatternFilter;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Results on reply topics, with a real broker, and with topics that are lost or closed at the worst moments.
class RepliesStoryTest {
    private static final byte[] CORRELATION = {0, 7, (byte) 0xFF};

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Story story;
    private Admin admin;
    private String broker;
    /// The end of the names of this test's topics.
    private String suffix;
    private int transactions;

    @BeforeEach
    void makeTopics() throws Exception {
        broker = SERVERS.disturbed().direct();
        story = new Story(broker, SERVERS.registryUrl(), folder.resolve("state"), 1);
        admin = Admin.create(Map.of("bootstrap.servers", broker));
        suffix = "-" + story.config.applicationId();
        create("replies", Map.of());
        create("gone", Map.of());
        create("small", Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "80"));
        create("closed", Map.of());
    }

    private void create(String name, Map<String, String> configs) throws Exception {
        admin.createTopics(List.of(new NewTopic(name + suffix, 2, (short) 1).configs(configs))).all().get();
    }

    @AfterEach
    void close() throws Exception {
        var ofClosed = new ResourcePatternFilter(ResourceType.TOPIC, "closed" + suffix, PatternType.LITERAL);
        admin.deleteAcls(List.of(new AclBindingFilter(ofClosed, AccessControlEntryFilter.ANY))).all().get();
        admin.close();
        story.close();
    }

    private AclBinding onClosed(AclOperation operation, AclPermissionType type) {
        return new AclBinding(new ResourcePattern(ResourceType.TOPIC, "closed" + suffix, PatternType.LITERAL),
                new AccessControlEntry("User:ANONYMOUS", "*", operation, type));
    }

    private void forbidWriting() throws Exception {
        admin.createAcls(List.of(onClosed(AclOperation.ALL, AclPermissionType.ALLOW),
                onClosed(AclOperation.WRITE, AclPermissionType.DENY))).all().get();
        story.client.await("denial", () -> !operations("closed" + suffix).contains(AclOperation.WRITE));
    }

    private Set<AclOperation> operations(String topic) {
        try {
            return admin.describeTopics(List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                    .allTopicNames().get().get(topic).authorizedOperations();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void delete(String topic) throws Exception {
        admin.deleteTopics(List.of(topic)).all().get();
        story.client.await("deletion", () -> {
            try {
                return !admin.listTopics().names().get().contains(topic);
            } catch (ExecutionException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    /// Holds the steps of an engine until it is opened.
    private record Gate(CountDownLatch opened) implements AutoCloseable {
        void open() {
            opened.countDown();
        }

        @Override
        public void close() {
            open();
        }
    }

    private Engine engine(Gate gate) {
        var backend = Backends.open("cpu", 2);
        var held = (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("begin")) {
                        gate.opened().await();
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return Engine.start(story.model, held, BundledModel.config());
    }

    private static GenerationRequest request(String id, int tokens) {
        return Client.greedy(id, "The old house", tokens).setIgnoreEos(true).build();
    }

    private void send(GenerationRequest request, String topic, int partition) {
        story.client.send(request, Map.of("kafka_replyTopic", (topic + suffix).getBytes(UTF_8), "kafka_replyPartition",
                new byte[] {0, 0, 0, (byte) partition}, "kafka_correlationId", CORRELATION));
    }

    private List<ConsumerRecord<String, byte[]>> read(String topic, int partition) {
        var found = new ArrayList<ConsumerRecord<String, byte[]>>();
        try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", broker, "isolation.level",
                "read_committed"), new StringDeserializer(), new ByteArrayDeserializer())) {
            var wanted = new TopicPartition(topic, partition);
            consumer.assign(List.of(wanted));
            consumer.seekToBeginning(List.of(wanted));
            long end = consumer.endOffsets(List.of(wanted)).get(wanted);
            while (consumer.position(wanted) < end) {
                consumer.poll(Duration.ofMillis(50)).forEach(found::add);
            }
        }
        return found;
    }

    private void assertRejected(String id, String message) {
        assertThat(story.client.result(id).getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(story.client.result(id).getMessage()).contains(message);
    }

    @Test
    void whateverBecomesOfReplyTopicsOthersAreAnswered() throws Exception {
        forbidWriting();
        var mentions = new Mentions(null, null, Pattern.compile("(replies|gone|small|closed|nowhere)-.*"));
        var gate = new Gate(new CountDownLatch(1));
        try (var pipeline = story.start(story.config.with(RequestLimits.standard().with(mentions)),
                engine(gate), meters); gate) {
            var ids = new TreeSet<String>();
            for (int i = 0; i < 30; i++) {
                story.client.send(request("r" + i, 60));
                ids.add("r" + i);
            }
            send(request("answered", 20), "replies", 1);
            send(GenerationRequest.newBuilder(request("bad", 5)).setAnswers(99).build(), "replies", 0);
            send(request("high", 5), "replies", 2);
            send(request("small", 5), "small", 0);
            send(request("closed", 5), "closed", 0);
            send(request("forbidden", 5), "others", 0);
            send(request("nowhere", 5), "nowhere", 0);
            for (int i = 0; i < 12; i++) {
                send(request("gone" + i, 40 + 2 * i), "gone", 0);
                ids.add("gone" + i);
            }
            ids.addAll(List.of("answered", "bad", "high", "small", "closed", "forbidden", "nowhere"));
            story.client.flush();
            story.client.await("requests in the state",
                    () -> meters.get("flover.requests.accepted").counter().count() == 30 + 1 + 12);
            delete("gone" + suffix);
            gate.open();
            story.client.awaitTerminal(ids);
            for (int i = 0; i < 30; i++) {
                assertThat(story.client.tokens("r" + i)).hasSize(60);
            }
            assertRejected("high", "the reply topic 'replies" + suffix + "' has the partitions 0 to 1, and not 2");
            assertRejected("small", "takes records of");
            assertRejected("closed", "may not be written by the pipeline");
            assertRejected("forbidden", "may not be named here");
            assertRejected("nowhere", "does not exist");
            assertGoneIsPutAside();
            assertThat(pipeline.health().isReady()).isTrue();
            assertThat(meters.get("flover.lives").counter().count()).as("lives of Kafka Streams").isEqualTo(1);
        }
        assertReplies();
    }

    private void assertReplies() {
        try (var results = ContractSerde.of(
                GenerationResult.class, Map.of("schema.registry.url", SERVERS.registryUrl()))) {
            var reply = read("replies" + suffix, 1);
            assertThat(reply).hasSize(1);
            assertThat(reply.getFirst().key()).isEqualTo("answered");
            assertThat(reply.getFirst().headers().lastHeader("kafka_correlationId").value()).isEqualTo(CORRELATION);
            assertThat(results.deserializer().deserialize("replies", reply.getFirst().value()))
                    .isEqualTo(story.client.result("answered"));
            var rejection = read("replies" + suffix, 0);
            assertThat(rejection).extracting(ConsumerRecord::key).containsExactly("bad");
            assertThat(results.deserializer().deserialize("replies", rejection.getFirst().value()).getFinishReason())
                    .isEqualTo(FinishReason.REJECTED);
        }
    }

    /// Every answer for the deleted topic has ended well, and says where its result is.
    private void assertGoneIsPutAside() {
        story.client.await("dead letters", () -> story.client.deadLetters.size() == 12);
        for (int i = 0; i < 12; i++) {
            assertThat(story.client.tokens("gone" + i)).hasSize(40 + 2 * i);
            assertThat(story.client.chunks("gone" + i).getLast().getFinish().getMessage())
                    .isEqualTo(story.client.result("gone" + i).getMessage())
                    .contains("the result was not sent to the reply topic", "'gone" + suffix + "' does not exist");
        }
    }

    @Test
    void aTopicThatIsLostOrClosedJustBeforeTheCommitCostsItsOwnRecordAlone() throws Exception {
        var mentions = new Mentions(null, null, Pattern.compile(".*"));
        var config = story.config.with(RequestLimits.standard().with(mentions));
        try (var signals = ThreadSignals.of(config, System::nanoTime);
                var looks = new TopicLooks(
                        Map.of("bootstrap.servers", broker), new PipelineMetrics(meters, new NoReadings()))) {
            var clients = new PipelineClients("replies" + suffix,
                    new TransactionTime(System::nanoTime, lasted -> false), List.of(signals), looks, config);
            try (var producer = clients.getProducer(Map.of("bootstrap.servers", broker, "transactional.id", "x",
                    "transaction.timeout.ms", 10_000, "linger.ms", 50))) {
                producer.initTransactions();
                transaction(producer, "gone", "replies", "closed");
                delete("gone" + suffix);
                loses(producer, "gone");
                loses(producer, "never");
                forbidWriting();
                loses(producer, "closed");
                transaction(producer, "replies");
                loses(producer, "small");
            }
        }
        var all = IntStream.range(0, transactions).mapToObj(Integer::toString).toList();
        assertThat(read(story.config.topics().tokens(), 0)).extracting(ConsumerRecord::key).isEqualTo(all);
        assertThat(read("replies" + suffix, 0)).extracting(ConsumerRecord::key).isEqualTo(all);
        assertThat(read(story.config.topics().deadLetters(), 0))
                .extracting(letter -> new String(letter.headers().lastHeader("flover.record.topic").value(), UTF_8))
                .containsExactly("gone" + suffix, "never" + suffix, "closed" + suffix, "small" + suffix);
    }

    /// Commits transactions with a record for a topic until the broker refuses that record. The broker may still accept
    /// one just after it has reported a change of the topic.
    private void loses(Producer<byte[], byte[]> producer, String topic) {
        double before = lost();
        for (int i = 0; lost() == before; i++) {
            assertThat(i).as("transactions with records for " + topic).isLessThan(1000);
            transaction(producer, topic, "replies");
        }
    }

    private double lost() {
        return meters.get("flover.dead.letters").counter().count();
    }

    /// Writes and commits a record of the pipeline's own, and one for each of the given topics.
    private void transaction(Producer<byte[], byte[]> producer, String... topics) {
        byte[] key = Integer.toString(transactions++).getBytes(UTF_8);
        producer.beginTransaction();
        for (var topic : topics) {
            var record = new ProducerRecord<byte[], byte[]>(topic + suffix, key, new byte[10]);
            record.headers().add(OtherTopics.MARK, new byte[4]);
            producer.send(record);
        }
        producer.send(new ProducerRecord<>(story.config.topics().tokens(), 0, key, new byte[10]));
        producer.flush();
        producer.commitTransaction();
    }

    private record NoReadings() implements PipelineMetrics.Readings {
        @Override
        public int generationsLeft() {
            return 0;
        }

        @Override
        public long transactionTimeMs() {
            return 0;
        }

        @Override
        public long recordsToRestore() {
            return 0;
        }

        @Override
        public double silentSeconds() {
            return 0;
        }

        @Override
        public long stalledPartitions() {
            return 0;
        }
    }
}
