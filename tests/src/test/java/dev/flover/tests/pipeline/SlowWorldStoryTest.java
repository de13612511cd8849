package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.tests.security.FloverProcess;
import dev.flover.topology.config.Patience;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.Recovery;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Services around the pipeline are slow or do not answer, by real means such as quotas; docs/operate/weather.md has a
/// row for each case.
class SlowWorldStoryTest {
    private static final int TOKENS = 120;

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final Map<String, SequenceRequest> bare = new LinkedHashMap<>();

    private static Story story(int partitions) {
        return new Story(SERVERS.disturbed().direct(), SERVERS.registryUrl(), folder.resolve("state"), partitions);
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", SERVERS.disturbed().direct()));
    }

    private void send(Story story, String... ids) {
        for (var id : ids) {
            var prompt = Story.OPENINGS.get(bare.size() % Story.OPENINGS.size());
            story.client.send(Client.greedy(id, prompt, TOKENS).setIgnoreEos(true).build());
            bare.put(id, story.bare(prompt, SamplingParams.greedy(), TOKENS));
        }
    }

    private static void awaitTokens(Story story, String id) {
        story.client.await("tokens of " + id, () -> !story.client.chunks(id).isEmpty());
    }

    /// Asserts that every request has the tokens of the engine alone, once, and one result, and that there is no dead
    /// letter.
    private void assertWhole(Story story) {
        story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
        var expected = BundledModel.tokens(List.copyOf(bare.values()));
        var ids = new ArrayList<>(bare.keySet());
        for (int i = 0; i < ids.size(); i++) {
            assertThat(story.client.tokens(ids.get(i))).as("tokens of " + ids.get(i)).isEqualTo(expected.get(i));
            assertThat(story.client.result(ids.get(i)).getTokenIds()).isEqualTo(expected.get(i));
        }
        assertThat(story.client.deadLetters).isEmpty();
    }

    private static void quota(Admin admin, Story story, Double bytesPerSecond) throws Exception {
        var client = story.config.applicationId() + "-StreamThread-1-producer";
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
                new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, client)),
                List.of(new ClientQuotaAlteration.Op("producer_byte_rate", bytesPerSecond))))).all().get();
    }

    private static double seconds(SimpleMeterRegistry meters) {
        return meters.get("flover.transaction.timeout.seconds").gauge().value();
    }

    @Test
    void transactionsMayLastAsLongAsAQuotaMakesCommitsTake() throws Exception {
        var meters = new SimpleMeterRegistry();
        try (var story = story(1); var admin = admin()) {
            var config = story.config.withKafka(Map.of("producer.transaction.timeout.ms", "1000"));
            quota(admin, story, 700.0);
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                send(story, "a", "b", "c");
                story.client.await("longer transactions", () -> seconds(meters) > 5);
                quota(admin, story, null);
                assertWhole(story);
                assertThat(meters.get("flover.lives").counter().count()).isLessThanOrEqualTo(3);
                assertThat(pipeline.health().isAlive()).isTrue();
            }
        }
    }

    @Test
    void aPartitionThatStandsStillIsNamedWithTheWayOut() throws Exception {
        var meters = new SimpleMeterRegistry();
        Map<String, Object> foreigner = Map.of("bootstrap.servers", SERVERS.disturbed().direct(),
                "transactional.id", "foreign", "transaction.timeout.ms", 300_000);
        try (var fickle = FickleRegistry.before(SERVERS.registryUrl());
                var story = new Story(SERVERS.disturbed().direct(), fickle.url(), folder.resolve("state"), 1);
                var foreign = new KafkaProducer<>(foreigner, new ByteArraySerializer(), new ByteArraySerializer());
                var pipeline = story.start(impatient(story), BundledModel.engine(story.model), meters)) {
            send(story, "before");
            assertWhole(story);
            foreign.initTransactions();
            foreign.beginTransaction();
            var requests = story.config.topics().requests();
            foreign.send(new ProducerRecord<>(requests, 0, new byte[] {1}, null)).get();
            send(story, "behind");
            story.client.await("sentence", () -> pipeline.health().detail()
                    .contains("abort --topic " + requests + " --partition 0 --start-offset 1"));
            assertThat(pipeline.health().detail())
                    .contains(requests + "-0 is stalled: at its offset 1 the producer ");
            assertThat(meters.get("flover.partitions.stalled").gauge().value()).isEqualTo(1);
            story.client.await("lag", () -> meters.get("flover.lag").tag("partition", "0").gauge().value() == 2);
            foreign.abortTransaction();
            assertWhole(story);
            story.client.await("end of it", () -> pipeline.health().detail().equals("serving"));

            fickle.answers(4711, 503, "away");
            story.client.send("waits-1", new byte[] {0, 0, 0, 0x12, 0x67, 1});
            story.client.await("sentence", () -> pipeline.health().detail().contains("flover cancel waits-1"));
            assertThat(meters.get("flover.partitions.stalled").gauge().value()).isZero();
            story.client.send("waits-2", new byte[] {0, 0, 0, 0x12, 0x67, 1});
            story.client.await("sentence", () -> pipeline.health().detail().contains("the partition is paused"));
            assertThat(pipeline.health().detail()).contains("2 records of " + requests + "-0 wait");
            assertThat(meters.get("flover.partitions.stalled").gauge().value()).isEqualTo(1);
            story.client.cancel("waits-1");
            story.client.awaitTerminal(Set.of("waits-1"));
            story.client.await("sentence", () -> pipeline.health().detail().contains("flover cancel waits-2"));
            fickle.answers(4711, 200, "{\"schema\": \"\\\"string\\\"\"}");
            story.client.await("dead letters", () -> story.client.deadLetters.size() == 1);
            story.client.await("end of it", () -> pipeline.health().detail().equals("serving"));
        }
    }

    private static PipelineConfig impatient(Story story) {
        return story.config.with(Recovery.standard().with(
                new Patience(Duration.ofMinutes(1), 2, Duration.ofMillis(600))));
    }

    @Test
    void aBrokerWhoseNameNobodyKnowsOrWhoIsSilentIsWaitedForAndNamed() throws Exception {
        var hosts = Files.createFile(folder.resolve("hosts"));
        int metrics = StoryBroker.freePort();
        String proxied = SERVERS.disturbed().proxied();
        var name = "broker.flover.test:" + proxied.substring(proxied.indexOf(':') + 1);
        var environment = Map.of("JAVA_TOOL_OPTIONS", "-Djdk.net.hosts.file=" + hosts
                + " -Dsun.net.inetaddr.ttl=0 -Dsun.net.inetaddr.negative.ttl=0", "FLOVER_STALLED_AFTER", "1500ms");
        try (var up = FloverProcess.start(folder, environment, "up", "--wait-for-servers", "--create-topics",
                "--partitions", "1", "--bootstrap-servers", name, "--schema-registry-url", SERVERS.registryUrl(),
                "--data", folder.resolve("up").toString(), "--metrics-port", Integer.toString(metrics),
                "--topic-prefix", "up-", "--application-id", "up"); var admin = admin()) {
            up.awaitLine("waiting");
            Files.writeString(hosts, "127.0.0.1 broker.flover.test\n");
            up.awaitLine("ready");
            var ready = new Page(URI.create("http://127.0.0.1:" + metrics + "/ready"));
            ready.await(200, "serving");
            var series = new Page(URI.create("http://127.0.0.1:" + metrics + "/metrics")).get().body();
            var random = series.lines().filter(line -> line.matches(".*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-.*"));
            assertThat(random).as("series of random names").isEmpty();
            assertThat(series.contains("client_id=\"up-StreamThread-1-producer\"")).isTrue();

            SERVERS.disturbed().proxy().hold();
            up.awaitLineWith("no broker at " + name + " has answered for");
            ready.await(503, "CUT_OFF: serving; no broker at " + name);
            SERVERS.disturbed().proxy().release();
            ready.await(200, "serving");

            Files.writeString(hosts, "");
            var readable = onRequests(AclOperation.ALL, AclPermissionType.ALLOW);
            var denial = onRequests(AclOperation.READ, AclPermissionType.DENY);
            admin.createAcls(List.of(readable, denial)).all().get();        // the denial ends a life of Kafka Streams
            up.awaitLineWith("no host name can be resolved of the brokers " + name);
            admin.deleteAcls(List.of(denial.toFilter(), readable.toFilter())).all().get();
            Files.writeString(hosts, "127.0.0.1 broker.flover.test\n");
            ready.await(200, "serving");
            assertThat(up.output()).doesNotContain("\tat ");
        }
    }

    private static AclBinding onRequests(AclOperation operation, AclPermissionType type) {
        return new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, "up-generation-requests", PatternType.LITERAL),
                new AccessControlEntry("User:ANONYMOUS", "*", operation, type));
    }

    /// A page of an HTTP server, such as the health page.
    private record Page(URI address) {
        HttpResponse<String> get() throws IOException, InterruptedException {
            try (var client = HttpClient.newHttpClient()) {
                return client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            }
        }

        void await(int status, String part) throws Exception {
            var said = new CompletableFuture<String>();
            try (var looks = Executors.newSingleThreadScheduledExecutor()) {
                looks.scheduleWithFixedDelay(() -> look(status, part, said), 0, 100, TimeUnit.MILLISECONDS);
                said.get(60, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                throw new AssertionError("expected " + status + " and '" + part + "', found " + get().body(), e);
            }
        }

        private void look(int status, String part, CompletableFuture<String> said) {
            try {
                var answer = get();
                if (answer.statusCode() == status && answer.body().contains(part)) {
                    said.complete(answer.body());
                }
            } catch (IOException | InterruptedException e) {
                said.completeExceptionally(e);
            }
        }
    }
}
