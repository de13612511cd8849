package dev.flover.tests.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Main;
import dev.flover.embedded.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyDeliveryTest {
    private static final int LIMIT_S = 240;

    @TempDir
    Path temporary;

    private Process command;

    @AfterEach
    void endTheCommand() {
        command.descendants().forEach(ProcessHandle::destroyForcibly);
        command.destroyForcibly();
    }

    @Test
    void underKillsAndWeatherNothingIsLostAndNothingIsSaidTwice() throws Exception {
        var outcome = run("--kills", "2", "--weather", "4", "--generations", "10");

        assertThat(command.exitValue()).as(outcome.toPrettyString()).isZero();
        assertThat(count(outcome, "kill")).isEqualTo(2);
        assertThat(count(outcome, "weather")).isEqualTo(4);
        assertThat(outcome.get("weather")).hasSize(4);
        assertThat(outcome.get("findings").get("generations").asInt()).isEqualTo(10);
        assertThat(outcome.get("findings").get("tokens").asInt()).isGreaterThan(100);
        assertThat(outcome.get("passed").asBoolean()).isTrue();
    }

    @Test
    @Tag("long")
    void whileInstancesComeAndGoAndOneSleepsNothingIsLostAndNothingIsSaidTwice() throws Exception {
        var outcome = run("--instances", "3", "--kills", "1", "--pauses", "1", "--restarts", "1", "--moves", "4",
                "--generations", "16", "--partitions", "3");

        assertThat(command.exitValue()).as(outcome.toPrettyString()).isZero();
        assertThat(count(outcome, "pause")).isEqualTo(1);
        assertThat(count(outcome, "restart")).isEqualTo(1);
        assertThat(count(outcome, "join")).isEqualTo(2);
        assertThat(count(outcome, "leave") + count(outcome, "loss")).isEqualTo(2);
        assertThat(outcome.get("at_rest").asBoolean()).isTrue();
        assertThat(outcome.get("passed").asBoolean()).isTrue();
    }

    @Test
    @Tag("long")
    void whileTwoGroupsShareTheTopicsEachRequestIsAnsweredByOneOfThem() throws Exception {
        var outcome = run("--models", "2", "--kills", "4", "--generations", "12");

        assertThat(command.exitValue()).as(outcome.toPrettyString()).isZero();
        assertThat(outcome.get("findings").get("generations").asInt()).isEqualTo(12);
        assertThat(outcome.get("findings").get("double_terminals").asInt()).isZero();
        assertThat(outcome.get("passed").asBoolean()).isTrue();
    }

    private static int count(JsonNode outcome, String kind) {
        int count = 0;
        for (var ofPhase : outcome.get("disturbances").get(kind)) {
            count += ofPhase.asInt();
        }
        return count;
    }

    /// A killed process repeats records only if the kill comes between two writes. Not every run has such a kill, so
    /// several seeds are tried.
    @Test
    @Tag("long")
    void underAtLeastOnceTheSameChecksFindRepeatsAndDroppingSeenPositionsHelps() throws Exception {
        int repeats = 0;
        for (int seed = 2; repeats == 0 && seed < 9; seed++) {
            var outcome = run("--kills", "3", "--generations", "16", "--delivery", "at-least-once",
                    "--seed", Integer.toString(seed));
            var findings = outcome.get("findings");
            repeats = findings.get("repeats").asInt() + findings.get("double_terminals").asInt();

            assertThat(command.exitValue()).as(outcome.toPrettyString()).isEqualTo(repeats == 0 ? 0 : 1);
            assertThat(outcome.get("passed").asBoolean()).isEqualTo(repeats == 0);
            assertThat(findings.get("unreadable").asInt()).isZero();
            assertThat(findings.get("contradictions").asInt()).isZero();
        }
        assertThat(repeats).isPositive();
    }

    @Test
    void stopsWhenToldToAndLeavesNothingBehind() throws Exception {
        start("--kills", "100", "--generations", "20");
        String line = command.errorReader().readLine();
        while (line != null && !line.startsWith("kills 0/")) {
            line = command.errorReader().readLine();
        }
        Set<ProcessHandle> children = command.descendants().collect(Collectors.toSet());

        command.destroy();

        assertThat(command.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(children).isNotEmpty();
        for (var child : children) {
            child.onExit().get(15, TimeUnit.SECONDS);
        }
        assertNothingIsLeft();
    }

    private JsonNode run(String... options) throws IOException, InterruptedException {
        start(options);
        var narration = Thread.ofVirtual().start(() -> command.errorReader().lines().forEach(System.out::println));
        var out = command.inputReader().lines().collect(Collectors.joining("\n"));
        narration.join();
        assertThat(command.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        System.out.println(out);
        assertNothingIsLeft();
        return new ObjectMapper().readTree(out);
    }

    private void start(String... options) throws IOException {
        command = new ProcessBuilder(JavaCommand.ofEngine(Main.class)
                .with("-Xmx512m", "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",      // the pipelines inherit this and start a third faster
                        "-Djava.io.tmpdir=" + temporary)
                .arguments("verify-delivery", "--json").arguments(options).line()).start();
    }

    private void assertNothingIsLeft() throws IOException {
        try (var left = Files.list(temporary)) {
            assertThat(left.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("flover-")))
                    .isEmpty();
        }
    }
}
