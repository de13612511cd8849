package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.tests.pipeline.FaultyBackend.Fault;
import dev.flover.tests.pipeline.FaultyBackend.Poison;
import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.config.Recovery;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Faults of the engine, of the process and of its folder: in the end the committed tokens equal those of the engine
/// alone.
class FaultStoryTest {
    private static final int NEIGHBOURS = 4;
    private static final int TOKENS = 40;
    private static final String POISON = "Nobody knew";
    private static final int DRAIN_LIMIT_S = 30;

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final List<SequenceRequest> bare = new ArrayList<>();
    private final TreeSet<String> ids = new TreeSet<>();
    private final List<Process> processes = new ArrayList<>();
    private int lives;

    @AfterEach
    void endProcesses() {
        processes.forEach(process -> process.destroyForcibly().onExit().join());
    }

    private static Story story(int partitions) {
        return new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), partitions);
    }

    private void sendNeighbours(Story story) {
        for (int i = 0; i < NEIGHBOURS; i++) {
            boolean sampled = i % 2 == 1;
            var sampling = Sampling.newBuilder().setTemperature(sampled ? 0.9f : 0f).build();
            story.client.send(GenerationRequest.newBuilder().setId("r" + i).setPrompt(Story.OPENINGS.get(i))
                    .setSampling(sampling).setSeed((long) i).setMaxTokens(TOKENS).setIgnoreEos(true).build());
            ids.add("r" + i);
            var params = sampled ? SamplingParams.sampled(0.9f, i) : SamplingParams.greedy();
            bare.add(story.bare(Story.OPENINGS.get(i), params, TOKENS));
        }
    }

    private void assertNeighboursAreWhole(Story story) {
        var expected = BundledModel.tokens(bare);
        for (int i = 0; i < NEIGHBOURS; i++) {
            assertThat(story.client.tokens("r" + i)).as("tokens of r%d", i).isEqualTo(expected.get(i));
            assertThat(story.client.result("r" + i).getText()).isEqualTo(story.client.text("r" + i));
        }
    }

    private Process started(PipelineProcess pipeline) {
        var process = pipeline.start();
        processes.add(process);
        return process;
    }

    /// Starts the pipeline's process again whenever it has ended, until all requests have their terminal record.
    private void keepAlive(Story story, int mostLives, Supplier<PipelineProcess> pipeline) {
        story.client.await("terminal records of " + ids, () -> {
            if (processes.isEmpty() || !processes.getLast().isAlive()) {
                assertThat(++lives).as("lives").isLessThanOrEqualTo(mostLives);
                started(pipeline.get());
            }
            return story.client.ended().containsAll(ids);
        });
    }

    @Test
    void aGenerationThatEndsTheProcessEachTimeIsGivenUpAndItsNeighboursDoNotNotice() {
        aGenerationThatEndsTheProcessIsGivenUp(1, 1);
    }

    @Test
    @Tag("long")
    void ofSeveralEnginesOneAloneComputesAGenerationThatMayHaveEndedTheProcess() {
        aGenerationThatEndsTheProcessIsGivenUp(2, 4);
    }

    private void aGenerationThatEndsTheProcessIsGivenUp(int engines, int partitions) {
        try (var story = story(partitions)) {
            var config = story.config.with(new Recovery(OtherArithmetic.WAIT, 1, 1));
            story.client.send(Client.greedy("halts", POISON, TOKENS).setIgnoreEos(true).build());
            story.client.send(Client.greedy("not-finite", "Nobody said", TOKENS).setIgnoreEos(true).build());
            ids.addAll(List.of("halts", "not-finite"));
            sendNeighbours(story);
            story.client.flush();

            // Of the seven processes, one may end without a trace, three may commit one token each, one computes the
            // suspect generation beside others, and one computes it alone.
            keepAlive(story, 7, () -> PipelineProcess.of(config).onEngines(engines).poisonedBy(POISON, Fault.HALT, 3)
                    .poisonedBy("Nobody said", Fault.NOT_FINITE, 5));

            assertNeighboursAreWhole(story);
            var halts = story.client.result("halts");
            assertThat(halts.getFinishReason()).isEqualTo(FinishReason.ERROR);
            assertThat(halts.getMessage()).contains("given up: the process ended 1 times while this generation");
            var notFinite = story.client.result("not-finite");
            assertThat(notFinite.getFinishReason()).isEqualTo(FinishReason.ERROR);
            var prefix = BundledModel.tokens(List.of(story.bare("Nobody said", SamplingParams.greedy(), 5))).getFirst();
            assertThat(story.client.tokens("not-finite")).isEqualTo(prefix);
            story.client.await("dead letters", () -> story.client.deadLetters.size() >= 2);
            assertThat(story.client.deadLetters).hasSize(2);
            assertThat(lives).as("a life that it could not end was needed").isGreaterThan(2);
        }
    }

    @Test
    void aGenerationThatMakesTheEngineThrowIsGivenUpAndItsNeighboursDoNotNotice() throws Exception {
        try (var story = story(1)) {
            story.client.send(Client.greedy("throws", POISON, TOKENS).setIgnoreEos(true).build());
            ids.add("throws");
            sendNeighbours(story);
            story.client.flush();
            int given = story.config.recovery().suspectAfter() + story.config.recovery().attemptsAlone();

            for (lives = 1; !story.client.ended().containsAll(ids); lives++) {
                assertThat(lives).isLessThanOrEqualTo(given + 2);
                try (var pipeline = story.start(poisoned(story), new SimpleMeterRegistry())) {
                    story.client.await("end of life " + lives,
                            () -> !pipeline.health().isAlive() || story.client.ended().containsAll(ids));
                    if (!pipeline.health().isAlive()) {
                        assertThat(pipeline.health().detail()).contains("a poison in the batch");
                    }
                }
            }

            assertNeighboursAreWhole(story);
            assertThat(story.client.result("throws").getFinishReason()).isEqualTo(FinishReason.ERROR);
            assertThat(story.client.result("throws").getTokenIds()).isEmpty();
            story.client.await("dead letter", () -> !story.client.deadLetters.isEmpty());
        }
    }

    private static Engine poisoned(Story story) {
        var poison = new Poison(story.model.tokenizer().encodePrompt(POISON), Fault.THROW, 0);
        return Engine.start(story.model, FaultyBackend.of(Backends.open("cpu", 1), List.of(poison)),
                BundledModel.config());
    }

    @Test
    void underAnotherArithmeticAGenerationWaitsForItsOwnOrGoesOnAndSaysSo() throws Exception {
        try (var story = story(1)) {
            story.client.send(Client.greedy("waits", "The old house", 200).setIgnoreEos(true).build());
            story.client.send(Client.greedy("goes-on", "In the morning", 200).setIgnoreEos(true).build());
            story.client.flush();
            var cpu = started(PipelineProcess.of(story.config));
            story.client.await("tokens", () -> story.client.tokens("waits").size() > 5
                    && story.client.tokens("goes-on").size() > 5);
            end(cpu);

            var reference = started(PipelineProcess.of(story.config).on("reference"));
            story.client.send(Client.greedy("new", "My dear friend", 3).build());
            story.client.awaitTerminal(new TreeSet<>(List.of("new")));
            assertThat(story.client.ended()).as("what was begun on cpu waits").containsExactly("new");
            story.client.cancel("goes-on");
            story.client.awaitTerminal(new TreeSet<>(List.of("goes-on")));
            end(reference);
            int begun = story.client.tokens("waits").size();

            var goesOn = story.config.with(new Recovery(OtherArithmetic.CONTINUE, 2, 3));
            started(PipelineProcess.of(goesOn).on("reference"));
            story.client.awaitTerminal(new TreeSet<>(List.of("waits")));

            assertThat(story.client.tokens("waits")).hasSize(200);
            assertThat(begun).isLessThan(200);
            String own = story.client.result("new").getArithmetic();
            assertThat(own).startsWith("reference");
            assertThat(story.client.result("waits").getArithmetic()).as("both that computed it")
                    .startsWith("cpu").endsWith(", then " + own);
        }
    }

    private static void end(Process process) throws InterruptedException {
        process.toHandle().destroy();      // sends SIGTERM; Process.destroy would also close its standard input
        assertThat(process.waitFor(DRAIN_LIMIT_S, TimeUnit.SECONDS)).as("ended within the bound").isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void afterSigtermAndWithASpoiltStateFolderTheNextLifeGoesOn() throws Exception {
        try (var story = story(2)) {
            sendNeighbours(story);
            story.client.flush();
            var first = started(PipelineProcess.of(story.config));
            story.client.await("some tokens", () -> story.client.tokenCount() > 20);
            end(first);
            var own = story.config.stateDir().resolve(story.config.applicationId());
            assertThat(own.resolve("running")).doesNotExist();
            int spoilt = spoil(own);

            started(PipelineProcess.of(story.config));
            story.client.awaitTerminal(ids);

            assertThat(spoilt).isPositive();
            assertNeighboursAreWhole(story);
            assertThat(story.client.deadLetters).isEmpty();
        }
    }

    /// Overwrites every file in the folder with bytes that no format allows.
    private static int spoil(Path folder) throws IOException {
        int files = 0;
        try (var all = Files.walk(folder)) {
            for (var file : all.filter(Files::isRegularFile).toList()) {
                Files.write(file, new byte[] {(byte) 0xff, 0, (byte) 0xfe, '\n', 1});
                files++;
            }
        }
        return files;
    }

    @Test
    void aFullLocalDiskEndsAStartWithASentenceAndDisturbsNobodyInFlow() throws Exception {
        Assumptions.assumeTrue(StoryBroker.canMount(folder), "no disk can be mounted here: unshare -rm fails");
        try (var story = story(1)) {
            var full = PipelineProcess.of(story.config).onDisk(64, "head -c 1000000 /dev/zero > ballast; true").heard();
            processes.add(full);
            String said = new String(full.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(full.waitFor()).isNotZero();
            assertThat(said).contains("the state folder").contains("cannot be used: ").contains("No space left");

            var small = started(PipelineProcess.of(story.config).onDisk(64, "true"));
            sendNeighbours(story);
            story.client.await("tokens", () -> !story.client.chunks.isEmpty());
            fill(Path.of("/proc/" + small.pid() + "/root" + story.config.stateDir().toAbsolutePath()));
            story.client.awaitTerminal(ids);
            end(small);
            assertNeighboursAreWhole(story);
        }
    }

    private static void fill(Path disk) throws IOException {
        try (var ballast = Files.newOutputStream(disk.resolve("ballast"))) {
            while (true) {
                ballast.write(0);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    @Test
    void aSecondPipelineOfTheSameIdInTheSameFolderEndsWithASentenceAndTheFirstGoesOn() throws Exception {
        try (var story = story(1)) {
            var first = started(PipelineProcess.of(story.config));
            story.client.send(Client.greedy("before", "The old house", 5).build());
            story.client.awaitTerminal(new TreeSet<>(List.of("before")));

            var second = PipelineProcess.of(story.config).heard();
            processes.add(second);
            String said = new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(second.waitFor(DRAIN_LIMIT_S, TimeUnit.SECONDS)).isTrue();
            assertThat(second.exitValue()).isNotZero();
            assertThat(said).contains("is in use by another pipeline; stop that one, or give this one a folder of");
            assertThat(first.isAlive()).isTrue();
        }
    }
}
