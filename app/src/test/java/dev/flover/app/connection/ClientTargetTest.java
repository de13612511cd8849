package dev.flover.app.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.app.options.CommandException;
import dev.flover.app.settings.Settings;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientTargetTest {
    private static final TopicNames PREFIXED =
            new TopicNames("b-requests", "b-tokens", "b-results", "b-dead-letters", "b-models");
    private static final RunningPipeline A = new RunningPipeline(ProcessHandle.current().pid(),
            RunningPipeline.started(ProcessHandle.current()), "a", "small", new PipelineAddress(
                    "h:1", "http://h:2", TopicNames.standard()), "http://h:9");
    private static final RunningPipeline B = new RunningPipeline(2, 0, "b", "large",
            new PipelineAddress("h:3", "http://h:4", PREFIXED), "http://h:9");
    private static final RunningPipeline SECOND_OF_A = new RunningPipeline(
            3, 0, "a", "small", A.address(), "http://h:9");

    @TempDir
    private Path folder;

    private final List<String> said = new ArrayList<>();

    @Test
    void withoutAnyTheUsualAddressesAreTaken() {
        var target = find(Map.of());

        assertThat(target.connection().bootstrapServers()).isEqualTo("127.0.0.1:9092");
        assertThat(target.connection().registryUrl()).isEqualTo("http://127.0.0.1:8081");
        assertThat(target.topics()).isEqualTo(TopicNames.standard());
    }

    @Test
    void theOnlyOneIsTakenWithItsTopics() {
        var target = find(Map.of(), B);

        assertThat(target.connection().bootstrapServers()).isEqualTo("h:3");
        assertThat(target.topics()).isEqualTo(PREFIXED);
        assertThat(said).isEmpty();
    }

    @Test
    void ofSeveralNoneIsTakenSilently() {
        assertThatThrownBy(() -> find(Map.of(), A, B)).isInstanceOf(CommandException.class)
                .hasMessageContaining("--pipeline").hasMessageContaining("application a, model small, process")
                .hasMessageContaining("application b, model large, process 2, at h:3");
    }

    @Test
    void oneOfSeveralIsChosenByApplicationModelOrProcessAndSaid() {
        for (String name : List.of("b", "large", "2")) {
            said.clear();
            assertThat(find(Map.of("FLOVER_PIPELINE", name), A, B).topics()).isEqualTo(PREFIXED);
            assertThat(said).containsExactly("talking to application b, model large, process 2, at h:3");
        }
    }

    @Test
    void aNameThatNobodyHasIsSaidWithThoseThatRun() {
        assertThatThrownBy(() -> find(Map.of("FLOVER_PIPELINE", "c"), A, B))
                .hasMessageContaining("no pipeline c runs on this machine").hasMessageContaining("application b");
        assertThatThrownBy(() -> find(Map.of("FLOVER_PIPELINE", "c"))).hasMessageContaining("none does");
    }

    @Test
    void instancesThatShareTheirTopicsAreOnePipelineForAClient() {
        assertThat(find(Map.of(), A, SECOND_OF_A).connection().bootstrapServers()).isEqualTo("h:1");
        assertThat(said).isEmpty();
    }

    @Test
    void addressesAndTopicsThatAreSetCountMore() {
        var target = find(Map.of("FLOVER_BOOTSTRAP_SERVERS", "k:1", "FLOVER_TOPIC_PREFIX", "x-",
                "FLOVER_TOKENS_TOPIC", "answers"), A, B);

        assertThat(target.connection().bootstrapServers()).isEqualTo("k:1");
        assertThat(target.connection().registryUrl()).isEqualTo("http://127.0.0.1:8081");
        assertThat(target.topics()).isEqualTo(new TopicNames(
                "x-generation-requests", "answers", "x-generation-results", "x-generation-dead-letters",
                "x-generation-models"));
        assertThatThrownBy(() -> find(Map.of("FLOVER_BOOTSTRAP_SERVERS", "k:1", "FLOVER_PIPELINE", "a"), A))
                .hasMessageContaining("$FLOVER_PIPELINE");
    }

    @Test
    void notesAreFoundWhileTheirProcessLives() throws IOException {
        assertThat(RunningPipeline.all(folder.resolve("nowhere"))).isEmpty();
        A.writeTo(folder);
        new RunningPipeline(Long.MAX_VALUE, 0, "gone", "m", A.address(), "http://h:9").writeTo(folder);
        long parent = ProcessHandle.current().parent().orElseThrow().pid();
        new RunningPipeline(parent, 1, "its number came again", "m", A.address(), "http://h:9").writeTo(folder);
        Files.writeString(folder.resolve("pipeline-7.properties"), "pid=7\n");

        assertThat(RunningPipeline.all(folder)).containsExactly(A);
    }

    private ClientTarget find(Map<String, String> environment, RunningPipeline... running) {
        var settings = Settings.resolve(Optional.empty(), Map.of(), Map.of(), environment);
        return ClientTarget.find(settings, List.of(running), said::add);
    }
}
