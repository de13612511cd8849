package dev.flover.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FloverConfigTest {
    private static final String SERVERS = "bootstrap.servers";

    @Test
    void answersAreReadCommittedAndWithoutAGroup() {
        var consumer = FloverConfig.of(Map.of(SERVERS, "x:1", "group.id", "mine", "enable.auto.commit", true,
                "fetch.max.wait.ms", 7)).consumer();

        assertThat(consumer).containsEntry("isolation.level", "read_committed").containsEntry("fetch.max.wait.ms", 7)
                .containsEntry("enable.auto.commit", false).doesNotContainKey("group.id");
    }

    @Test
    void wrongPropertiesAreRefusedWithTheRemedy() {
        var config = FloverConfig.of("x:1");

        assertThatThrownBy(() -> FloverConfig.of(Map.of()))
                .hasMessage("the property bootstrap.servers is missing; expected host:port, or several separated by "
                        + "commas");
        assertThatThrownBy(() -> FloverConfig.of(Map.of(SERVERS, "x:1", "isolation.level", "read_uncommitted")))
                .hasMessageStartingWith("isolation.level must be read_committed or left out, was read_uncommitted");
        assertThatThrownBy(() -> config.with(FloverConfig.Format.AVRO))
                .hasMessage("the property schema.registry.url is missing, which requests in Avro need");
        assertThatThrownBy(() -> config.with(Duration.ZERO)).hasMessage("patience must be longer than 0, was PT0S");
    }

    @Test
    void secretsAreNotPrinted() {
        assertThat(FloverConfig.of(Map.of(SERVERS, "x:1", "sasl.jaas.config", "password")).toString())
                .contains("sasl.jaas.config").doesNotContain("password");
    }

    @Test
    void aClusterThatDoesNotAnswerIsReportedWithItsAddress() {
        var config = FloverConfig.of(Map.of(SERVERS, "127.0.0.1:9", "default.api.timeout.ms", 1));

        assertThatThrownBy(() -> Flover.connect(config)).isInstanceOf(GenerationException.Unavailable.class)
                .hasMessageStartingWith("cannot connect to 127.0.0.1:9: ");
        assertThatThrownBy(() -> Flover.connect("nowhere")).isInstanceOf(GenerationException.Unavailable.class)
                .hasMessageContaining("nowhere");
    }
}
