package dev.flover.app.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.app.options.CommandException;
import dev.flover.topology.config.PipelineConfig.Delivery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    @TempDir
    private Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private final Map<Setting<?>, String> options = new HashMap<>();
    private final Map<PassThrough, List<String>> passed = new HashMap<>();

    @Test
    void eachSourceOverridesTheOneBeforeAndIsNamed() throws IOException {
        assertSource("64", "default");

        file("# first", "", "max-sequences = 1");
        assertSource("1", folder.resolve("flover.properties") + ":3");

        environment.put("FLOVER_MAX_SEQUENCES", "2");
        assertSource("2", "$FLOVER_MAX_SEQUENCES");

        options.put(SettingTable.MAX_SEQUENCES, "3");
        assertSource("3", "--max-sequences");
    }

    private void assertSource(String value, String source) {
        assertThat(resolve().text(SettingTable.MAX_SEQUENCES)).hasValue(value);
        assertThat(resolve().source(SettingTable.MAX_SEQUENCES).words()).isEqualTo(source);
    }

    @Test
    void propertiesOfClientsFollowTheSameOrderAboveTheFileForClients() throws IOException {
        Path clients = Files.writeString(folder.resolve("client.properties"),
                "bootstrap.servers=a:1\nlinger.ms=1\nvalue.subject.name.strategy=" + Map.class.getName() + "\n");
        file("client-properties=" + clients);
        assertThat(resolve().passed(PassThrough.KAFKA)).isEqualTo(Map.of("linger.ms", "1"));
        assertThat(resolve().source(PassThrough.KAFKA, "linger.ms").words()).isEqualTo(clients + ":2");
        assertThat(resolve().passed(PassThrough.REGISTRY)).containsOnlyKeys("value.subject.name.strategy");
        assertThat(resolve().find(SettingTable.BOOTSTRAP_SERVERS)).hasValue("a:1");

        file("client-properties=" + clients, "kafka.linger.ms=2", "bootstrap-servers=b:1");
        assertThat(resolve().passed(PassThrough.KAFKA)).containsEntry("linger.ms", "2");
        assertThat(resolve().find(SettingTable.BOOTSTRAP_SERVERS)).hasValue("b:1");

        environment.put("FLOVER_KAFKA_LINGER_MS", "3");
        assertThat(resolve().passed(PassThrough.KAFKA)).containsEntry("linger.ms", "3");

        passed.put(PassThrough.KAFKA, List.of("linger.ms=4", "producer.acks=all"));
        assertThat(resolve().passed(PassThrough.KAFKA))
                .isEqualTo(Map.of("linger.ms", "4", "producer.acks", "all"));
    }

    @Test
    void theFileIsNamedByTheOptionOrElseByTheVariable() throws IOException {
        file("partitions=7");
        environment.put("FLOVER_CONFIG", folder.resolve("other.properties").toString());
        assertThat(resolve().get(SettingTable.PARTITIONS)).isEqualTo(7);

        Files.move(folder.resolve("flover.properties"), folder.resolve("other.properties"));
        assertThat(resolve().get(SettingTable.PARTITIONS)).isEqualTo(7);
        assertThat(resolve().sourceOfFile().orElseThrow().words()).isEqualTo("$FLOVER_CONFIG");
    }

    @ParameterizedTest
    @CsvSource({"max-sequence,max-sequences", "max_sequences,max-sequences", "tenantweights,tenant-weights",
            "bootstrap-severs,bootstrap-servers", "MODEL,model"})
    void anUnknownKeyOfTheFileIsSaidWithItsLineAndTheNearestOne(String wrong, String right) throws IOException {
        file("", "# a comment", "partitions=1", wrong + " = 5");

        assertWrong(folder.resolve("flover.properties") + ":4: there is no setting " + wrong + "; the nearest is "
                + right);
    }

    @Test
    void aClientsPropertyWithoutItsPrefixIsSaidWithIt() throws IOException {
        file("security.protocol=SSL");
        assertWrong(":1: there is no setting security.protocol; a property of a client is written "
                + "kafka.security.protocol");

        file("value.subject.name.strategy=X");
        assertWrong("is written registry.value.subject.name.strategy");
    }

    @Test
    void anUnknownVariableIsSaidWithTheNearestOne() {
        environment.put("FLOVER_MAX_SEQUENCE", "5");

        assertWrong("$FLOVER_MAX_SEQUENCE: there is no such setting; the nearest is $FLOVER_MAX_SEQUENCES");
    }

    @Test
    void variablesOfTheLaunchersAndOfKubernetesAreNoSettings() {
        environment.putAll(Map.of("FLOVER_JAVA_OPTS", "-Xmx1g", "FLOVER_JAVA_HOME", "/jdk", "OTHER", "x",
                "FLOVER_SERVICE_HOST", "10.0.0.1", "FLOVER_SERVICE_PORT_HTTP", "80", "FLOVER_PORT", "tcp://10.0.0.1:80",
                "FLOVER_PORT_80_TCP_ADDR", "10.0.0.1", "FLOVER_METRICS_PORT", "tcp://10.0.0.1:9464",
                "FLOVER_METRICS_SERVICE_HOST", "10.0.0.1"));

        assertThat(resolve().get(SettingTable.METRICS_PORT)).isEqualTo(9464);
    }

    @Test
    void anEmptyVariableSaysNothing() {
        environment.put("FLOVER_PARTITIONS", " ");

        assertThat(resolve().isSet(SettingTable.PARTITIONS)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "max-sequences|0|a whole number in [1, 4096]",
            "max-sequences|many|a whole number in [1, 4096]",
            "max-sequences|99999999999999999999|a whole number in [1, 4096]",
            "commit-interval|0|a length of time such as 50ms, 10s, 5m, 2h or 7d, from 1ms to 1m",
            "commit-interval|5 minutes|a length of time such as",
            "waiting-max-bytes|12MB|a number of bytes such as 4096, 512KiB, 256MiB or 2GiB",
            "request-max-bytes|8MiB|from 1 to 7MiB",
            "delivery|once|exactly-once or at-least-once",
            "other-arithmetic|stop|wait or continue",
            "prefix-caching|yes|true or false",
            "tenant-weights|north|NAME=WEIGHT",
            "tenant-weights|north=0|NAME=WEIGHT",
            "tenant-weights|north=1,north=2|each name once",
            "requests-topic|a b|the name of a topic",
            "topic-prefix|a/|letters, digits",
            "bootstrap-servers|nonsense|host:port",
            "schema-registry-url|localhost:8081|a URL such as http://localhost:8081",
            "application-id|a b|letters, digits"})
    void aWrongValueIsSaidWithItsPlaceAndTheExpectedOne(String name, String value, String expected)
            throws IOException {
        file(name + "=" + value);

        assertWrong(":1: " + name + " must be ");
        assertWrong(expected);
        assertWrong(", was " + value);
    }

    @Test
    void aWrongValueOfAVariableOrAnOptionNamesIt() {
        environment.put("FLOVER_PARTITIONS", "no");
        assertWrong("$FLOVER_PARTITIONS must be a whole number in [1, 1000], was no");

        environment.clear();
        options.put(SettingTable.PARTITIONS, "-1");
        assertWrong("--partitions must be a whole number in [1, 1000], was -1");
    }

    @Test
    void valuesHaveUnits() {
        options.put(SettingTable.COMMIT_INTERVAL, "70");
        options.put(SettingTable.REMEMBER_ENDED, "3d");
        options.put(SettingTable.WAITING_BYTES, "2GiB");
        options.put(SettingTable.TENANT_WEIGHTS, "north=2, south = 0.5");
        options.put(SettingTable.DELIVERY, "at-least-once");

        var settings = resolve();

        assertThat(settings.get(SettingTable.COMMIT_INTERVAL)).isEqualTo(Duration.ofMillis(70));
        assertThat(settings.get(SettingTable.REMEMBER_ENDED)).isEqualTo(Duration.ofDays(3));
        assertThat(settings.get(SettingTable.WAITING_BYTES)).isEqualTo(2L << 30);
        assertThat(settings.get(SettingTable.TENANT_WEIGHTS)).isEqualTo(Map.of("north", 2.0, "south", 0.5));
        assertThat(settings.get(SettingTable.DELIVERY)).isEqualTo(Delivery.AT_LEAST_ONCE);
    }

    @Test
    void aKeyThatIsThereTwiceIsSaid() throws IOException {
        file("partitions=1", "embedded=true", "partitions=2");

        assertWrong(":3: partitions is also on line 1");
    }

    @Test
    void entriesMaySpanLinesAndEscapeAsInAnyPropertiesFile() throws IOException {
        file("# ends with a backslash \\", "kafka.sasl.jaas.config = a \\", "    b;", "tokens-topic: t\\u0041",
                "model=ü");

        var settings = resolve();

        assertThat(settings.passed(PassThrough.KAFKA)).isEqualTo(Map.of("sasl.jaas.config", "a b;"));
        assertThat(settings.source(PassThrough.KAFKA, "sasl.jaas.config").words()).endsWith(":2");
        assertThat(settings.get(SettingTable.TOKENS_TOPIC)).isEqualTo("tA");
        assertThat(settings.source(SettingTable.TOKENS_TOPIC).words()).endsWith(":4");
        assertThat(settings.find(SettingTable.MODEL)).hasValue(Path.of("ü"));
    }

    @Test
    void whatIsNoPropertiesFileIsSaidInASentence() throws IOException {
        file("partitions=1", "model=\\u12");
        assertWrong(":2: expected a line of a properties file");

        Files.write(folder.resolve("flover.properties"), new byte[] {(byte) 0xff, (byte) 0xfe});
        assertUnreadable("it is not UTF-8 text");
        Files.delete(folder.resolve("flover.properties"));
        assertUnreadable("there is no such file");
        Files.createDirectory(folder.resolve("flover.properties"));
        assertUnreadable("it is a folder");
    }

    private void assertUnreadable(String why) {
        assertThatThrownBy(() -> Settings.resolve(Optional.of(folder.resolve("flover.properties").toString()), options,
                passed, environment)).isInstanceOf(CommandException.class)
                .hasMessage("cannot read " + folder.resolve("flover.properties") + ": " + why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sasl.jaas.config", "producer.sasl.jaas.config", "ssl.keystore.password",
            "ssl.truststore.password", "ssl.key.password", "ssl.keystore.key", "sasl.oauthbearer.client.secret",
            "my.own.password"})
    void aSecretIsRefusedAsAnOptionAndNotRepeated(String property) {
        passed.put(PassThrough.KAFKA, List.of(property + "=hidden"));

        assertWrong("--kafka must not hold " + property);
        assertWrong("kafka." + property);
        assertThatThrownBy(this::resolve).hasMessageNotContaining("hidden");
    }

    @Test
    void theRegistrysSecretsAreRefusedToo() {
        for (String property : List.of("basic.auth.user.info", "bearer.auth.token", "bearer.auth.client.secret",
                "schema.registry.ssl.keystore.password", "ssl.truststore.password")) {
            passed.put(PassThrough.REGISTRY, List.of(property + "=hidden"));
            assertWrong("--registry must not hold " + property);
        }
        passed.put(PassThrough.REGISTRY, List.of("bearer.auth.credentials.source=STATIC_TOKEN"));
        assertThat(resolve().passed(PassThrough.REGISTRY)).hasSize(1);
    }

    @Test
    void credentialsInAnAddressAreRefusedAndNotRepeated() throws IOException {
        file("schema-registry-url=http://me:hidden@r:1");
        assertWrong("without credentials (registry.basic.auth.user.info holds them)");
        assertThatThrownBy(this::resolve).hasMessageNotContaining("hidden").hasNoCause();

        file("schema-registry-url=http://r:1/a@b,https://s:2");
        assertThat(resolve().isSet(SettingTable.REGISTRY_URL)).isTrue();
    }

    @Test
    void aSecretThatCannotBeUsedIsNotRepeated() throws IOException {
        file("kafka.sasl.login.callback.handler.clas=hidden");
        assertThatThrownBy(this::resolve).hasMessageNotContaining("hidden");
    }

    @Test
    void aSecretMayBeInAFileThatAVariableNames() throws IOException {
        Path secret = Files.writeString(folder.resolve("jaas"), "who;\n");
        environment.put("FLOVER_KAFKA_SASL_JAAS_CONFIG_FILE", secret.toString());
        environment.put("FLOVER_REGISTRY_BASIC_AUTH_USER_INFO", "me:there");

        var settings = resolve();

        assertThat(settings.passed(PassThrough.KAFKA)).isEqualTo(Map.of("sasl.jaas.config", "who;"));
        assertThat(settings.source(PassThrough.KAFKA, "sasl.jaas.config").words())
                .isEqualTo(secret + " ($FLOVER_KAFKA_SASL_JAAS_CONFIG_FILE)");
        assertThat(settings.passed(PassThrough.REGISTRY)).isEqualTo(Map.of("basic.auth.user.info", "me:there"));

        environment.put("FLOVER_KAFKA_SASL_JAAS_CONFIG", "me;");
        assertWrong("keep one of them");
        environment.remove("FLOVER_KAFKA_SASL_JAAS_CONFIG");
        Files.delete(secret);
        assertWrong("$FLOVER_KAFKA_SASL_JAAS_CONFIG_FILE: cannot read " + secret + ": there is no such file");
    }

    @Test
    void variablesNameThePropertiesThatClientsKnowAlsoForOneKindOfThem() {
        environment.put("FLOVER_KAFKA_MAIN_CONSUMER_FETCH_MIN_BYTES", "2");
        environment.put("FLOVER_KAFKA_MY_INTERCEPTOR", "x");
        environment.put("FLOVER_REGISTRY_VALUE_SUBJECT_NAME_STRATEGY",
                "io.confluent.kafka.serializers.subject.RecordNameStrategy");

        assertThat(resolve().passed(PassThrough.KAFKA))
                .isEqualTo(Map.of("main.consumer.fetch.min.bytes", "2", "my.interceptor", "x"));
        assertThat(resolve().passed(PassThrough.REGISTRY)).containsKey("value.subject.name.strategy");
    }

    @Test
    void aMisspeltOrUnusablePropertyOfAClientIsSaid() throws IOException {
        file("kafka.securty.protocol=SSL");
        assertWrong(":1: kafka.securty.protocol is not a property of the client; the nearest is "
                + "kafka.security.protocol");

        file("kafka.producer.ack=1");
        assertWrong("the nearest is kafka.producer.acks");

        file("registry.value.subject.name.stratgy=x");
        assertWrong("the nearest is registry.value.subject.name.strategy");

        file("kafka.linger.ms=soon");
        assertWrong(":1: kafka.linger.ms cannot be used: ");

        file("kafka.acks=7");
        assertWrong(":1: kafka.acks cannot be used: ");
    }

    @Test
    void aPropertyThatHasASettingOfItsOwnIsNotPassed() throws IOException {
        file("kafka.bootstrap.servers=a:1");
        assertWrong(":1: kafka.bootstrap.servers has a setting of its own: set bootstrap-servers instead");

        file("registry.schema.registry.url=http://a:1");
        assertWrong("set schema-registry-url instead");
    }

    @Test
    void noTwoSettingsShareAVariable() {
        assertThat(SettingTable.all()).extracting(Setting::variable).doesNotHaveDuplicates();
        assertThat(SettingTable.all()).extracting(Setting::description).allMatch(text -> text.endsWith("."));
    }

    private void file(String... lines) throws IOException {
        Files.writeString(folder.resolve("flover.properties"), String.join("\n", lines) + "\n");
    }

    private void assertWrong(String part) {
        assertThatThrownBy(this::resolve).isInstanceOf(SettingException.class).hasMessageContaining(part);
    }

    private Settings resolve() {
        Path file = folder.resolve("flover.properties");
        return Settings.resolve(Files.exists(file) ? Optional.of(file.toString()) : Optional.empty(), options, passed,
                environment);
    }
}
