package dev.flover.app.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.app.options.CommandException;
import dev.flover.topology.config.PipelineConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConnectionTest {
    @Test
    void aPropertyForOneKindOfClientIsForThatKindAlone() {
        var connection = new Connection("k:1", "http://r:2", Map.of("client.id", "all", "producer.client.id", "writes",
                "main.consumer.fetch.min.bytes", "7"), Map.of());

        assertThat(connection.producer()).isEqualTo(Map.of("bootstrap.servers", "k:1", "client.id", "writes"));
        assertThat(connection.consumer()).isEqualTo(Map.of("bootstrap.servers", "k:1", "client.id", "all"));
        assertThat(connection.kafka()).containsEntry("producer.client.id", "writes")
                .containsEntry("main.consumer.fetch.min.bytes", "7");
    }

    @Test
    void tlsOfTheRegistryHasItsOwnPrefix() {
        assertThat(new Connection("k:1", "http://r:2", Map.of(), Map.of("ssl.truststore.location", "a",
                "schema.registry.ssl.truststore.type", "PKCS12", "auto.register.schemas", "false")).registry())
                .isEqualTo(Map.of("schema.registry.url", "http://r:2", "schema.registry.ssl.truststore.location", "a",
                        "schema.registry.ssl.truststore.type", "PKCS12", "auto.register.schemas", "false"));
    }

    @Test
    void aRegistryThatTakesTheUserOfTheBrokerIsToldWhoThatIs() {
        var user = Map.of("sasl.jaas.config", "who;");
        var inherits = Map.of("basic.auth.credentials.source", "SASL_INHERIT");

        assertThat(new Connection("k:1", "http://r:2", user, inherits).registry()).containsAllEntriesOf(user);
        assertThat(new Connection("k:1", "http://r:2", user, Map.of()).registry())
                .doesNotContainKey("sasl.jaas.config");
    }

    @Test
    void noTextOfItHoldsASecret() {
        var connection = new Connection("k:1", "http://r:2", Map.of("sasl.jaas.config", "password=\"hidden\";"),
                Map.of("basic.auth.user.info", "me:hidden"));

        assertThat(connection.toString()).contains("k:1", "http://r:2", "sasl.jaas.config").doesNotContain("hidden");
        assertThat(PipelineConfig.of("id", "k:1", "http://r:2", Path.of("state"), "model")
                .withKafka(connection.kafka()).toString()).contains("sasl.jaas.config").doesNotContain("hidden");
    }

    @Test
    void credentialsInTheRegistrysUrlAreRefusedWithoutRepeatingThem() {
        for (String url : List.of("http://me:hidden@r:2", "http://r:2,https://me:hidden@s:3/path")) {
            assertThatThrownBy(() -> Connection.of("k:1", url)).isInstanceOf(CommandException.class)
                    .hasMessageContaining("basic.auth.user.info").hasMessageNotContaining("hidden");
        }
        assertThatCode(() -> Connection.of("k:1", "http://r:2/a@b")).doesNotThrowAnyException();
    }

    @Test
    void oneOfSeveralRegistriesIsEnough() throws IOException {
        try (var broker = listen(); var registry = listen()) {
            assertThatCode(Connection.of("127.0.0.1:" + broker.getLocalPort(),
                    "http://127.0.0.1:1,http://127.0.0.1:" + registry.getLocalPort())::check)
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void checkPassesWhereBothAnswer() throws IOException {
        try (var broker = listen(); var registry = listen()) {
            assertThatCode(Connection.of("127.0.0.1:1,127.0.0.1:" + broker.getLocalPort(),
                    "http://127.0.0.1:" + registry.getLocalPort())::check).doesNotThrowAnyException();
        }
    }

    @Test
    void checkSaysWhoDoesNotAnswer() throws IOException {
        try (var broker = listen()) {
            String there = "127.0.0.1:" + broker.getLocalPort();

            assertThatThrownBy(Connection.of("127.0.0.1:1", "http://127.0.0.1:1")::check)
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("no Kafka broker answers at 127.0.0.1:1");
            assertThatThrownBy(Connection.of(there, "http://127.0.0.1:1")::check)
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("no schema registry answers at http://127.0.0.1:1");
            assertThatThrownBy(Connection.of(there, "not a url")::check)
                    .isInstanceOf(CommandException.class).hasMessageContaining("schema-registry-url must be a URL");
        }
    }

    private static ServerSocket listen() throws IOException {
        return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }
}
