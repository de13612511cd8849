package dev.flover.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {
    private static final TopicPartition PARTITION = new TopicPartition("words", 0);
    private static final Duration TRANSACTION_TIMEOUT = Duration.ofMillis(500);

    @TempDir
    private Path folder;

    @Test
    void committedRecordsSurviveAKillAtTheSameAddress() throws Exception {
        String address;
        try (var broker = EmbeddedBroker.start(folder)) {
            address = broker.bootstrapServers();
            createTopic(address);
            writeInTransaction(address, List.of("one", "two"));
            broker.kill();
            assertThat(broker.isAlive()).isFalse();
        }
        try (var broker = EmbeddedBroker.start(folder)) {
            assertThat(broker.bootstrapServers()).isEqualTo(address);
            assertThat(readCommitted(address, 2)).containsExactly("one", "two");
        }
    }

    /// The transaction times out before the broker is back, so its abort is the first thing that the broker does.
    @Test
    void aTransactionThatWasOpenAtAKillHoldsNobodyUpAfterwards() throws Exception {
        String address;
        try (var broker = EmbeddedBroker.start(folder); var writer = openTransaction(broker)) {
            address = broker.bootstrapServers();
            broker.kill();
            writer.close(Duration.ZERO);
        }
        try (var broker = EmbeddedBroker.start(folder)) {
            assertThat(broker.bootstrapServers()).isEqualTo(address);
            writeInTransaction(address, List.of("after"));
            assertThat(readCommitted(address, 1)).containsExactly("after");
        }
    }

    @Test
    void closeEndsTheProcessAndMayBeRepeated() {
        var broker = EmbeddedBroker.start(folder);
        broker.close();
        broker.close();
        assertThat(broker.isAlive()).isFalse();
    }

    @Test
    void diesWithAParentThatIsKilledAndKeepsWhatWasStored() throws Exception {
        endAfterParent(StartAndWait.class, folder);

        assertThat(folder.resolve("broker")).isNotEmptyDirectory();
    }

    @Test
    void aTemporaryOneTakesItsFolderAlong() throws Exception {
        var temporary = Files.createDirectory(folder.resolve("temporary"));

        endAfterParent(StartTemporaryAndWait.class, temporary);

        assertThat(temporary).doesNotExist();
    }

    private static void endAfterParent(Class<?> program, Path folder) throws Exception {
        var parent = new ProcessBuilder(JavaCommand.of(program.getName()).arguments(folder.toString()).line())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (var lines = parent.inputReader()) {
            assertThat(lines.readLine()).startsWith("127.0.0.1:");
            var broker = parent.descendants().findFirst().orElseThrow();

            parent.destroyForcibly().waitFor();

            assertThat(broker.onExit().get(20, TimeUnit.SECONDS).isAlive()).isFalse();
        }
    }

    @Test
    void portInUseIsSaid() throws IOException {
        try (var taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            assertThatThrownBy(() -> EmbeddedBroker.start(folder, taken.getLocalPort()))
                    .isInstanceOf(EmbeddedServerException.class)
                    .hasMessageContaining("expected port " + taken.getLocalPort() + " on 127.0.0.1 to be free");
        }
    }

    @Test
    void thePortOfTheLastRunIsWaitedForAndNotLeft() throws IOException {
        BrokerPorts last;
        try (var taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            last = new BrokerPorts(taken.getLocalPort(), BrokerPorts.free().client());
            var stillTaken = last;
            assertThatThrownBy(() -> stillTaken.again(Duration.ofMillis(100)))
                    .isInstanceOf(EmbeddedServerException.class).hasMessageContaining("--broker-port");
        }
        assertThat(last.again(Duration.ZERO).client()).isEqualTo(last.client());
    }

    @Test
    void failureToStartQuotesTheLog() throws IOException {
        Files.writeString(folder.resolve("broker"), "a file where Kafka wants a folder");

        assertThatThrownBy(() -> EmbeddedBroker.start(folder))
                .isInstanceOf(EmbeddedServerException.class)
                .hasMessageContaining("stopped before it was ready")
                .hasMessageContaining(folder.resolve("broker.log").toString());
    }

    private static void createTopic(String address) throws Exception {
        try (var admin = Admin.create(Map.of("bootstrap.servers", address))) {
            admin.createTopics(List.of(new NewTopic(PARTITION.topic(), 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
        }
    }

    private static KafkaProducer<String, String> openTransaction(EmbeddedBroker broker) throws Exception {
        createTopic(broker.bootstrapServers());
        var producer = new KafkaProducer<>(Map.of("bootstrap.servers", broker.bootstrapServers(),
                "transactional.id", "lost", "transaction.timeout.ms", (int) TRANSACTION_TIMEOUT.toMillis()),
                new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(PARTITION.topic(), "lost", "lost")).get(30, TimeUnit.SECONDS);
        return producer;
    }

    private static void writeInTransaction(String address, List<String> words) {
        var properties = Map.<String, Object>of("bootstrap.servers", address, "transactional.id", "writer");
        try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            words.forEach(word -> producer.send(new ProducerRecord<>(PARTITION.topic(), word, word)));
            producer.commitTransaction();
        }
    }

    private static List<String> readCommitted(String address, int count) {
        var properties = Map.<String, Object>of("bootstrap.servers", address, "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            var words = new ArrayList<String>();
            for (int polls = 0; words.size() < count && polls < 100; polls++) {
                consumer.poll(Duration.ofMillis(300)).forEach(record -> words.add(record.value()));
            }
            return words;
        }
    }

    /// The main class of a parent process that the test kills.
    static final class StartAndWait {
        private StartAndWait() {}

        public static void main(String[] args) throws Exception {
            System.out.println(EmbeddedBroker.start(Path.of(args[0])).bootstrapServers());
            Thread.currentThread().join();
        }
    }

    /// The main class of a parent process whose broker has a temporary folder.
    static final class StartTemporaryAndWait {
        private StartTemporaryAndWait() {}

        public static void main(String[] args) throws Exception {
            System.out.println(EmbeddedBroker.startTemporary(Path.of(args[0])).bootstrapServers());
            Thread.currentThread().join();
        }
    }
}
