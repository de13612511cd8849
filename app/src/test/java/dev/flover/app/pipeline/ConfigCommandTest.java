package dev.flover.app.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Console;
import dev.flover.app.settings.SettingTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCommandTest {
    @TempDir
    private Path folder;

    @Test
    void everySettingIsShownWithItsPlaceAndNoSecretIs() throws IOException {
        Path file = Files.writeString(folder.resolve("f.properties"), """
                partitions = 9
                kafka.sasl.jaas.config = hidden;
                registry.auto.register.schemas = false
                """);

        var run = Console.run("config", "--config", file.toString(), "--max-sequences", "3", "--kafka", "linger.ms=4");

        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).doesNotContain("hidden")
                .containsPattern("(?m)^config +" + file + " +--config$")
                .containsPattern("(?m)^partitions +9 +" + file + ":1$")
                .containsPattern("(?m)^max-sequences +3 +--max-sequences$")
                .containsPattern("(?m)^commit-interval +50ms +default$")
                .containsPattern("(?m)^token-budget +67 +default$")
                .containsPattern("(?m)^served-model +novelist-f16 +default$")
                .containsPattern("(?m)^kafka.linger.ms +4 +--kafka$")
                .containsPattern("(?m)^kafka.sasl.jaas.config +\\(set\\) +" + file + ":2$")
                .containsPattern("(?m)^kafka.ssl.keystore.password +\\(not set\\) +default$")
                .containsPattern("(?m)^registry.auto.register.schemas +false +" + file + ":3$");
        SettingTable.all().forEach(setting -> assertThat(run.out()).contains(setting.name()));
    }

    @Test
    void programsReadItAsJson() throws IOException {
        var run = Console.run("config", "--json", "--no-prefix-caching");

        JsonNode lines = new ObjectMapper().readTree(run.out());

        assertThat(lines).anySatisfy(line -> {
            assertThat(line.get("name").asText()).isEqualTo("prefix-caching");
            assertThat(line.get("value").asText()).isEqualTo("false");
            assertThat(line.get("source").asText()).isEqualTo("--prefix-caching");
        });
        assertThat(lines).anySatisfy(line -> {
            assertThat(line.get("name").asText()).isEqualTo("kafka.sasl.jaas.config");
            assertThat(line.get("secret").asText()).isEqualTo("not set");
            assertThat(line.has("value")).isFalse();
        });
    }

    @Test
    void aWrongSettingEndsEveryCommandThatReadsSettings() throws IOException {
        Path file = Files.writeString(folder.resolve("f.properties"), "partition = 9\n");

        for (String[] command : new String[][] {{"config"}, {"up"}, {"submit", "a"}, {"tail"}, {"cancel", "a"}}) {
            var all = new ArrayList<>(List.of(command));
            all.addAll(List.of("--config", file.toString()));
            var run = Console.run(all.toArray(String[]::new));

            assertThat(run.code()).isEqualTo(2);
            assertThat(run.err()).contains(file + ":1: there is no setting partition; the nearest is partitions");
        }
    }

    @Test
    void settingsThatDoNotFitEachOtherAreNamedWithTheirPlaces() throws IOException {
        Path file = Files.writeString(folder.resolve("f.properties"), "token-budget = 3\n");

        for (String command : List.of("up", "config")) {
            var run = Console.run(command, "--config", file.toString(), "--max-sequences", "9");

            assertThat(run.code()).isEqualTo(2);
            assertThat(run.err()).contains("token-budget must be at least max-sequences (9), was 3",
                    "token-budget = 3 (" + file + ":1)", "max-sequences = 9 (--max-sequences)");
        }
    }
}
