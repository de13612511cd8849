package dev.flover.tests.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.Main;
import dev.flover.app.settings.PassThrough;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.setup.Topics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.acl.AclBinding;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// TLS, passwords and access rules, configured by a properties file in the format of any Kafka client.
class SecurityStoryTest {
    private static final TopicNames TOPICS = TopicNames.standard();

    @TempDir
    private static Path folder;

    private static SecuredCluster cluster;
    private static Path pipeline;
    private static Path producer;
    private static Path consumer;
    private static Path operator;

    @BeforeAll
    static void startServers() throws Exception {
        cluster = new SecuredCluster(folder);
        pipeline = cluster.userWithPassword("pipeline");
        producer = cluster.userWithPassword("producer");
        consumer = cluster.userWithToken("consumer");
        operator = cluster.userWithPassword("operator");
        new Topics(cluster.operator(), TOPICS).create(1, (short) 1, Duration.ofHours(1));
    }

    @AfterAll
    static void stopServers() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void eachPrincipalDoesItsPartWithWhatThePageGrantsAndNobodySaysASecret() throws Exception {
        var said = new ArrayList<String>();
        var missing = takeAway("User:pipeline", TOPICS.results());
        try (var up = start("--verbose", "up", pipeline, "--metrics-port", "0", "--data",
                folder.resolve("data").toString())) {
            assertThat(up.awaitLineWith("waiting for the topics")).contains("the broker does not allow this principal "
                    + "to describe the topic " + TOPICS.results()).contains("docs/operate/security.md");
            cluster.operator().createAcls(missing).all().get();
            up.awaitLine("ready");
            said.add(run(0, "submit", producer, "--no-wait", "--id", "a", "--max-tokens", "5", "The old house"));
            try (var tail = start("--verbose", "tail", consumer, "--from-beginning", "--id", "a")) {
                said.addAll(tail.commandLines());
                assertThat(tail.awaitEnd()).as(tail.output()).isZero();
                assertThat(tail.output()).contains("[length]");
                said.add(tail.output());
            }
            said.add(run(0, "models give-up", operator, "novelist-f16", "--group", "flover"));
            assertThat(said.getLast()).contains("flover  (default").doesNotContain("novelist");
            said.addAll(up.commandLines());
            up.stop();
            said.add(up.output());
        }
        assertThat(said).anyMatch(output -> output.contains("sasl.jaas.config = [hidden]"));
        assertThat(cluster.guard().seen()).containsExactlyInAnyOrder("Basic", "Bearer");
        assertThat(said).allSatisfy(output -> assertThat(output).doesNotContain(cluster.secrets()));
    }

    private static List<AclBinding> takeAway(String principal, String topic) throws Exception {
        List<AclBinding> grants = Grants.listed().stream()
                .filter(grant -> grant.pattern().name().equals(topic) && grant.entry().principal().equals(principal))
                .toList();
        assertThat(grants).isNotEmpty();
        cluster.operator().deleteAcls(grants.stream().map(AclBinding::toFilter).toList()).all().get();
        return grants;
    }

    @Test
    void secretsMayStandInTheConfigurationFileOrInAFileThatAVariableNames() throws Exception {
        var properties = new Properties();
        try (var in = Files.newBufferedReader(producer)) {
            properties.load(in);
        }
        var jaas = Files.writeString(folder.resolve("jaas"), properties.remove("sasl.jaas.config").toString());
        var settings = new Properties();
        properties.forEach((name, value) ->
                settings.put(PassThrough.forClientProperty(name.toString()).key(name.toString()), value));
        settings.put("bootstrap-servers", cluster.bootstrapServers());
        settings.put("schema-registry-url", cluster.guard().url());
        var file = folder.resolve("flover.properties");
        try (var out = Files.newBufferedWriter(file)) {
            settings.store(out, null);
        }
        var environment = Map.of("FLOVER_CONFIG", file.toString(), "FLOVER_KAFKA_SASL_JAAS_CONFIG_FILE",
                jaas.toString());
        for (var command : List.of(new String[] {"--verbose", "submit", "--no-wait", "--id", "b", "The old house"},
                new String[] {"config"}, new String[] {"config", "--json"})) {
            try (var flover = FloverProcess.start(folder, environment, command)) {
                assertThat(flover.awaitEnd()).as(flover.output()).isZero();
                assertThat(flover.output()).doesNotContain(cluster.secrets());
            }
        }
    }

    @Test
    void theDoctorTellsEachPrincipalWhatItMayDo() {
        String ofPipeline = run(0, "doctor", pipeline, "--metrics-port", "0", "--data", folder.toString());
        assertThat(ofPipeline).contains("this principal may run a pipeline")
                .contains("the coordinator accepts the transactional id flover-doctor")
                .contains("topic of results").doesNotContain(cluster.secrets());

        String ofConsumer = run(1, "doctor", consumer, "--metrics-port", "0", "--data", folder.toString());
        assertThat(ofConsumer).contains("this principal may not run a pipeline; it lacks").contains("may also read ans")
                .contains("Write on " + TOPICS.tokens()).contains("Read on the group flover")
                .contains("grant this principal Write on transactional ids with the prefix flover-")
                .doesNotContain(cluster.secrets());
    }

    @Test
    void whatIsNotGrantedIsRefusedInASentence() throws Exception {
        try (var submit = start("submit", consumer, "--no-wait", "hello")) {
            assertThat(submit.awaitEnd()).isEqualTo(1);
            assertThat(submit.output().lines().filter(line -> !line.startsWith("WARNING: Using incubator modules")))
                    .containsExactly("flover: the request could not be written to generation-requests: "
                            + "Not authorized to access topics: [generation-requests]");
        }
        assertThat(failure("cancel", consumer, "a")).contains("[generation-requests]");
        assertThat(failure("models", consumer))
                .contains("the topic generation-models at").contains("Topic authorization failed");
        assertThat(failure("tail", producer)).contains("Not authorized to access topics: [generation-tokens]");
        assertThat(failure("submit", cluster.guess("producer"), "--no-wait", "hello"))
                .contains("Authentication failed").contains("SCRAM-SHA-256");
    }

    @Test
    void aRegistryThatRefusesIsNamed() throws Exception {
        var stranger = Files.writeString(folder.resolve("stranger.properties"),
                Files.readString(producer).replaceAll("(?m)^basic\\.auth\\.user\\.info=.*$",
                        "basic.auth.user.info=producer\\\\:guessed"));
        assertThat(failure("submit", stranger, "--no-wait", "hello"))
                .contains("the schema registry refuses: Unauthorized");
    }

    @Test
    void aListenerThatWantsTlsIsHintedAt() throws Exception {
        var plain = Files.writeString(folder.resolve("plain.properties"), "max.block.ms=1500\n");
        assertThat(failure("cancel", plain, "a"))
                .contains("where the cluster wants TLS or a password, give it with --client-properties");
    }

    @Test
    void aPipelineWithAWrongPasswordEndsWithASentence() throws Exception {
        String said = run(1, "up", cluster.guess("pipeline"), "--metrics-port", "0", "--data",
                folder.resolve("guess").toString());
        assertThat(said).contains("the Kafka cluster refuses the credentials in the client properties")
                .contains("SCRAM-SHA-256").doesNotContain("\tat ");
    }

    /// Starts a process like a service: it finds the cluster and the credentials in environment variables.
    private static FloverProcess start(Object... words) throws Exception {
        var arguments = new ArrayList<String>();
        var environment = new HashMap<String, String>();
        for (var word : words) {
            switch (word) {
                case Path properties -> environment.putAll(Map.of("FLOVER_CLIENT_PROPERTIES", properties.toString(),
                        "FLOVER_BOOTSTRAP_SERVERS", cluster.bootstrapServers(),
                        "FLOVER_SCHEMA_REGISTRY_URL", cluster.guard().url()));
                default -> arguments.add(word.toString());
            }
        }
        return FloverProcess.start(folder, environment, arguments.toArray(String[]::new));
    }

    private static List<String> connection(Path properties) {
        return List.of("--bootstrap-servers", cluster.bootstrapServers(), "--schema-registry-url",
                cluster.guard().url(), "--client-properties", properties.toString());
    }

    private static String failure(String command, Path properties, String... more) {
        String said = run(1, command, properties, more);
        assertThat(said.lines()).as("one sentence").hasSize(1);
        return said;
    }

    /// Runs a command in the test's own process, checks its exit code, and returns its output.
    private static String run(int code, String command, Path properties, String... more) {
        var arguments = new ArrayList<>(List.of(command.split(" ")));
        arguments.addAll(connection(properties));
        arguments.addAll(List.of(more));
        var said = new StringWriter();
        var writer = new PrintWriter(said);
        int ended = Main.commandLine(writer, writer).execute(arguments.toArray(String[]::new));
        assertThat(ended).as(said.toString()).isEqualTo(code);
        return said.toString();
    }
}
