package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.models.Assignment;
import dev.flover.topology.models.Registrations;
import dev.flover.topology.state.StoreNames;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.Test;

/// One group's share of the requests where several groups read one requests topic.
class SharedTopicTest {
    private static final int SLOTS = 8;

    /// A process of the default group, which serves the model `scripted`.
    private final SimulatedProcess process = SimulatedProcess.of(1, SLOTS);

    @Test
    void aRequestForAnotherGroupsModelIsLeftToIt() {
        process.register("others", "other");
        process.send(0, request("theirs", ">x").setModel("other").build());
        process.send(0, request("ours", ">x").setModel("scripted").build());
        process.send(0, request("nobodys", ">x").build());
        process.settle();
        assertThat(process.chunks("theirs")).isEmpty();
        assertThat(process.results("theirs")).isEmpty();
        assertThat(process.text("ours", 0)).isEqualTo("x");
        assertThat(process.text("nobodys", 0)).isEqualTo("x");
        assertThat(process.count("flover.requests.others")).isEqualTo(1);
    }

    @Test
    void whatIsBeforeARegistrationIsTheDefaultGroups() {
        process.send(0, request("before", ">x").setModel("other").build());
        process.register("others", "other");
        process.settle();
        assertThat(process.result("before").getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(process.result("before").getMessage()).isEqualTo("model 'other' is not served here; served are "
                + "scripted, and a request that names no model is answered by the default one");
    }

    @Test
    void aGroupThatIsNotTheDefaultAnswersNothingButItsModel() {
        process.registrations = defaultIs("first", "main");
        process.register("test", "scripted");
        process.crash();
        process.send(0, request("ours", ">x").setModel("scripted").build());
        process.send(0, request("none", ">x").build());
        process.send(0, request("unknown", ">x").setModel("nobody's").build());
        process.send(0, request("large", ">" + "x".repeat(600_000)).build());
        process.send(0, "garbage".getBytes(UTF_8), new byte[] {1, 2, 3}, new RecordHeaders());
        process.send(0, null, new byte[] {1}, new RecordHeaders());
        process.settle();
        assertThat(process.text("ours", 0)).isEqualTo("x");
        assertThat(process.records(PipelineTopology.RESULTS_SINK)).hasSize(1);
        assertThat(process.deadLetterReasons()).isEmpty();
    }

    private static Registrations defaultIs(String group, String model) {
        var other = SimulatedProcess.of(1, SLOTS);
        other.registrations = Registrations.NONE;
        other.register(group, model);
        return other.registrations;
    }

    @Test
    void anIdThatWasUsedForAnotherGroupIsNotUsedAgainForUs() {
        process.register("others", "other");
        process.send(0, request("a", ">x").setModel("other").build());
        process.send(0, request("a", ">y").build());
        process.send(0, request("a", ">z").setModel("other").build());
        process.settle();
        assertThat(process.chunks("a")).singleElement().satisfies(chunk -> {
            assertThat(chunk.getRefused().getOffset()).isEqualTo(1);
            assertThat(chunk.getTerminal()).isFalse();
        });
        assertThat(process.deadLetterReasons()).singleElement().asString().contains("that of a different request");
    }

    @Test
    void aRepeatAfterAHandOverGetsWhatTheFormerGroupAnswered() {
        process.register("others", "other");
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        process.writtenByOthers(answer("a", "theirs"));
        process.handOver("other", "test");
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        assertThat(process.chunks("a")).isNotEmpty().allMatch(TokenChunk::getRepeat);
        assertThat(process.text("a", 0)).isEqualTo("theirs");
        assertThat(process.count("flover.requests.repeated")).isEqualTo(1);
    }

    @Test
    void aRepeatOfWhatTheFormerGroupHasStillToAnswerIsLeftToItAlsoAfterARestart() {
        process.register("others", "other");
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        process.owed.add(Bytes.wrap("a".getBytes(UTF_8)));
        process.handOver("other", "test");
        process.resultsAreRead = false;
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        process.crash();        // while its result is being searched for
        process.resultsAreRead = true;
        process.settle();
        assertThat(process.chunks("a")).isEmpty();
        assertThat(process.stored(0, StoreNames.REQUESTS)).isZero();
        assertThat(process.count("flover.requests.duplicate")).isEqualTo(1);
        process.owed.clear();       // the other group has answered
        process.writtenByOthers(answer("a", "theirs"));
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("theirs");
        assertThat(process.chunks("a")).allMatch(TokenChunk::getRepeat);
    }

    @Test
    void aRepeatThatTheFormerGroupNeverAnsweredAndDoesNotOweIsComputedAndMarked() {
        process.register("others", "other");
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        process.handOver("other", "test");
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("x");
        assertThat(process.chunks("a")).allMatch(TokenChunk::getRepeat);
    }

    @Test
    void anIdFromBeforeAnybodyAnsweredIsNew() {
        process.send(0, request("a", ">x").setModel("other").build());
        process.registrations = new Registrations(List.of(new Registrations.Era(
                new Assignment(List.of("test"), Map.of("other", "test", "scripted", "test"), "test", false),
                "requests-topic", List.of(1L))), List.of(), Map.of());
        process.settle();
        process.send(0, request("a", ">x").setModel("other").build());
        process.settle();
        assertThat(process.chunks("a")).isNotEmpty().noneMatch(TokenChunk::getRepeat);
        assertThat(process.text("a", 0)).isEqualTo("x");
    }

    private static GenerationResult answer(String id, String text) {
        return GenerationResult.newBuilder().setRequestId(id).setText(text).setTokenIds(List.of(1, 2))
                .setFinishReason(FinishReason.STOP).setPromptTokens(1).setCompletionTokens(2).setModel("m")
                .setArithmetic("a").setRequestedAt(Instant.EPOCH).setFinishedAt(Instant.EPOCH).build();
    }

    @Test
    void aCancelBeforeItsRequestWorksWhicheverGroupServesIt() {
        process.register("others", "other");
        process.cancel(0, "theirs");
        process.cancel(0, "ours");
        process.send(0, request("theirs", ">x").setModel("other").build());
        process.send(0, request("ours", ">x").build());
        process.settle();
        assertThat(process.chunks("theirs")).isEmpty();
        assertThat(process.result("ours").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
    }

    @Test
    void whileItCannotBeSaidWhoAnswersRequestsWaitAndLiveOnesGoOn() {
        process.modelsTopicAnswers = false;
        process.ticks(2450);
        process.send(0, request("live", ">" + "x".repeat(1500)).build());
        process.ticks(60);          // the view of the models topic is too old now
        process.commit();
        int before = process.text("live", 0).length();
        assertThat(process.isHeld(0)).isTrue();
        process.send(0, request("new", ">y").build());
        process.ticks(200);
        process.commit();
        assertThat(process.text("live", 0).length()).isGreaterThan(before);
        assertThat(process.chunks("new")).isEmpty();
        process.modelsTopicAnswers = true;
        process.settle();
        assertThat(process.isHeld(0)).isFalse();
        assertThat(process.text("new", 0)).isEqualTo("y");
    }

    @Test
    void anIdInTwoPartitionsIsSaid() {
        var two = SimulatedProcess.of(2, SLOTS);
        two.send(0, request("a", ">x").build());
        two.send(1, request("a", ">x").build());
        two.send(1, request("b", ">x").build());
        two.settle();
        assertThat(two.count("flover.requests.two.partitions")).isEqualTo(1);
    }
}
