package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.config.PipelineConfig.Remembering;
import dev.flover.topology.results.StoredResult;
import dev.flover.topology.state.StoreNames;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

/// A request that is sent again gets its answer again, and another request under its id is refused.
class RepeatsTest {
    private final SimulatedProcess process = SimulatedProcess.of(1, 4);

    private static GenerationRequest once(String id) {
        return request(id, ">a few words").setAnswers(2).setStop(List.of("rds")).setMetadata(Map.of("k", "v")).build();
    }

    private List<TokenChunk> repeats(String id) {
        return process.chunks(id).stream().filter(TokenChunk::getRepeat).toList();
    }

    private void assertOneUnmarkedTerminal(String id) {
        assertThat(process.chunks(id).stream().filter(TokenChunk::getTerminal).filter(chunk -> !chunk.getRepeat()))
                .as("unmarked terminals of %s", id).hasSize(1);
    }

    /// The values on the results topic that were written a second time.
    private List<byte[]> writtenAgain() {
        return process.records(PipelineTopology.RESULTS_SINK).stream().map(Record::value)
                .filter(byte[].class::isInstance).map(byte[].class::cast).toList();
    }

    @Test
    void anEndedRequestSentAgainGetsItsAnswerAgainByteForByte() {
        process.send(0, once("r"));
        process.settle();
        process.send(0, once("r"));
        process.settle();
        var first = process.result("r");
        assertThat(writtenAgain()).containsExactly(SimulatedProcess.binary(first, GenerationResult.getClassSchema()));
        assertThat(repeats("r")).hasSize(2);
        for (var again : repeats("r")) {
            var finish = process.chunks("r").stream().filter(chunk -> !chunk.getRepeat()
                    && chunk.getAnswer() == again.getAnswer() && chunk.getFinish() != null).findFirst().orElseThrow();
            assertThat(again.getFinish()).isEqualTo(finish.getFinish());
            assertThat(again.getFinish().getStop()).isEqualTo("rds");
            assertThat(again.getText()).isEqualTo("a few wo");
            assertThat(again.getTokenIds()).hasSize(finish.getFinish().getCompletionTokens());
            assertThat(again.getTerminal()).isEqualTo(again.getAnswer() == 1);
        }
        assertThat(repeats("r").getLast().getMetadata()).isEqualTo(Map.of("k", "v"));
        assertOneUnmarkedTerminal("r");
        assertThat(process.stored(0, StoreNames.REQUESTS)).isZero();
        assertThat(process.count("flover.requests.repeated")).isEqualTo(1);
    }

    @Test
    void eachTimeItIsSentAgainItIsAnsweredAgain() {
        process.send(0, once("r"));
        process.settle();
        for (int times = 1; times <= 3; times++) {
            process.crash();
            process.send(0, once("r"));
            process.settle();
            assertThat(writtenAgain()).hasSize(times);
        }
        assertOneUnmarkedTerminal("r");
    }

    @Test
    void aLiveOneIsSaidOnce() {
        process.send(0, once("r"));
        process.ticks(2);
        process.send(0, once("r"));
        process.settle();
        assertThat(process.text("r", 0)).isEqualTo("a few wo");
        assertThat(repeats("r")).isEmpty();
        assertThat(process.count("flover.requests.duplicate")).isEqualTo(1);
    }

    @Test
    void aRejectionIsSaidAgainToo() {
        process.send(0, request("hot", ">x").setSampling(Sampling.newBuilder().setTemperature(99f).build()).build());
        process.settle();
        process.send(0, request("hot", ">x").setSampling(Sampling.newBuilder().setTemperature(99f).build()).build());
        process.settle();
        assertThat(writtenAgain()).hasSize(1);
        assertThat(repeats("hot")).singleElement().satisfies(chunk ->
                assertThat(chunk.getFinish().getReason()).isEqualTo(FinishReason.REJECTED));
        assertOneUnmarkedTerminal("hot");
    }

    @Test
    void aRestartBetweenRetryAndAnswerLosesNoAnswer() {
        process.send(0, once("r"));
        process.settle();
        process.resultsAreRead = false;
        process.send(0, once("r"));
        process.settle();
        assertThat(repeats("r")).isEmpty();
        process.send(0, once("r"));        // a third time, which must not write the answer twice
        process.cancel(0, "r");            // a cancel of an ended request
        process.resultsAreRead = true;
        process.crash();
        process.settle();
        assertThat(repeats("r")).hasSize(2);
        assertThat(repeats("r").getLast().getFinish().getReason()).isEqualTo(FinishReason.STOP);
        assertOneUnmarkedTerminal("r");
    }

    @Test
    void whereTheResultIsGoneItIsComputedAnewAndMarked() {
        process.send(0, once("r"));
        process.settle();
        process.records(PipelineTopology.RESULTS_SINK).clear();
        process.send(0, once("r"));
        process.settle();
        assertThat(process.results("r")).hasSize(1);
        assertThat(process.result("r").getText()).isEqualTo("a few wo");
        assertThat(repeats("r").stream().mapToInt(chunk -> chunk.getTokenIds().size()).sum())
                .isEqualTo(process.result("r").getCompletionTokens());
        assertThat(repeats("r").getLast().getTerminal()).isTrue();
        assertOneUnmarkedTerminal("r");
    }

    @Test
    void tooManyAtOnceHoldThePartition() {
        for (int i = 0; i < 300; i++) {
            process.send(0, request("r" + i, ">x").build());
        }
        process.settle();
        process.resultsAreRead = false;
        for (int i = 0; i < 300; i++) {
            process.send(0, request("r" + i, ">x").build());
        }
        process.ticks(3);
        assertThat(process.isHeld(0)).isTrue();
        process.resultsAreRead = true;
        process.crash();
        process.settle();
        assertThat(writtenAgain()).hasSize(300);
    }

    @Test
    void anotherRequestUnderAUsedIdTouchesNeitherTheLiveNorTheEndedOne() {
        process.send(0, once("r"));
        process.ticks(2);
        process.send(0, request("r", ">something else").build());
        process.settle();
        process.send(0, request("r", ">something else").build());
        process.settle();
        process.send(0, once("r"));
        process.settle();
        var refused = process.chunks("r").stream().filter(chunk -> chunk.getRefused() != null).toList();
        assertThat(refused).hasSize(2).allSatisfy(chunk -> {
            assertThat(chunk.getTerminal()).isFalse();
            assertThat(chunk.getFinish()).isNull();
            assertThat(chunk.getTokenIds()).isEmpty();
            assertThat(chunk.getRefused().getReason()).contains("different request");
        });
        assertThat(refused.stream().map(chunk -> chunk.getRefused().getOffset())).containsExactly(1L, 2L);
        assertThat(process.result("r").getText()).isEqualTo("a few wo");
        assertThat(writtenAgain()).as("the first digest is kept").hasSize(1);
        assertThat(process.deadLetterReasons()).hasSize(2);
        assertOneUnmarkedTerminal("r");
    }

    @Test
    void whatIsForgottenIsGone() {
        process.send(0, once("r"));
        process.settle();
        process.send(0, "r".getBytes(UTF_8), null, new RecordHeaders().add("flover.forget", new byte[0]));
        process.settle();
        assertThat(process.records(PipelineTopology.RESULTS_SINK).getLast().value()).isNull();
        assertThat(process.stored(0, StoreNames.ENDED)).isZero();
        process.send(0, once("r"));
        process.settle();
        assertThat(repeats("r")).isEmpty();
        assertThat(process.results("r")).hasSize(2);
    }

    @Test
    void oneThatIsLiveEndsWhenItIsForgotten() {
        process.send(0, request("r", ">" + "word ".repeat(100)).build());
        process.ticks(3);
        process.send(0, "r".getBytes(UTF_8), null, new RecordHeaders().add("flover.forget", new byte[0]));
        process.settle();
        assertThat(process.chunks("r").getLast().getFinish().getReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(process.records(PipelineTopology.RESULTS_SINK).getLast().value()).isNull();
    }

    private static SimulatedProcess caching() {
        var standard = Remembering.standard();
        var config = SimulatedProcess.config().with(
                new Remembering(standard.ended(), standard.cancelled(), standard.entries(), 100));
        return new SimulatedProcess(config, 1, 4, () -> new ScriptedEngine(4, "scripted"));
    }

    private static GenerationRequest.Builder seeded(String id) {
        return request(id, ">a few words").setSeed(7L).setTenant("t");
    }

    @Test
    void byOptionAnEqualRequestOfTheTenantGetsTheStoredAnswer() {
        var caching = caching();
        caching.send(0, seeded("first").build());
        caching.settle();
        caching.send(0, seeded("equal").setMetadata(Map.of("mine", "1")).setPriority(3).build());
        caching.settle();
        assertThat(caching.text("equal", 0)).isEqualTo("a few words");
        assertThat(caching.chunks("equal")).singleElement().satisfies(chunk -> {
            assertThat(chunk.getCached() && chunk.getTerminal()).isTrue();
            assertThat(chunk.getRepeat()).isFalse();
            assertThat(chunk.getMetadata()).isEqualTo(Map.of("mine", "1"));
        });
        assertThat(caching.result("equal").getCached()).isTrue();
        assertThat(caching.result("equal").getRequestId()).isEqualTo("equal");
        assertThat(caching.result("equal").getTokenIds()).isEqualTo(caching.result("first").getTokenIds());
        assertThat(caching.count("flover.answers.cached")).isEqualTo(1);
    }

    @Test
    void whatDiffersInAnythingThatDecidesIsComputed() {
        var caching = caching();
        caching.send(0, seeded("first").build());
        caching.settle();
        caching.send(0, seeded("other-tenant").setTenant("u").build());
        caching.send(0, seeded("other-seed").setSeed(8L).build());
        caching.send(0, seeded("no-seed").setSeed(null).build());
        caching.send(0, seeded("shorter").setMaxTokens(3).build());
        caching.send(0, seeded("with-logprobs").setLogprobs(0).build());
        caching.send(0, seeded("stopped").setStop(List.of("few")).build());
        caching.settle();
        assertThat(caching.count("flover.answers.cached")).isZero();
        assertThat(caching.result("shorter").getTokenIds()).hasSize(3);
    }

    @Test
    void aForgottenAnswerIsNotGivenToOthers() {
        var caching = caching();
        caching.send(0, seeded("first").build());
        caching.settle();
        caching.send(0, "first".getBytes(UTF_8), null, new RecordHeaders().add("flover.forget", new byte[0]));
        caching.settle();
        caching.send(0, seeded("equal").build());
        caching.settle();
        assertThat(caching.count("flover.answers.cached")).isZero();
        assertThat(caching.text("equal", 0)).isEqualTo("a few words");
    }

    @Test
    void withoutTheOptionEachIsComputed() {
        process.send(0, seeded("first").build());
        process.settle();
        process.send(0, seeded("equal").build());
        process.settle();
        assertThat(process.count("flover.answers.cached")).isZero();
        assertThat(process.records(PipelineTopology.RESULTS_SINK)).allSatisfy(record ->
                assertThat(record.headers().lastHeader(StoredResult.CONTENT)).isNull());
    }

    /// An operator has set the group's offsets back.
    @Test
    void whatIsReadAgainIsNotSaidAgain() {
        process.send(0, once("ended"));
        process.settle();
        process.send(0, request("live", ">" + "long ".repeat(50)).build());
        process.ticks(20);
        process.commit();
        process.readAgain(0);
        process.settle();
        assertOneUnmarkedTerminal("ended");
        assertOneUnmarkedTerminal("live");
        assertThat(writtenAgain()).isEmpty();
        assertThat(process.deadLetterReasons()).isEmpty();
    }

    @Test
    void afterTheStateWasLostOnlyWhatHasNoResultIsComputed() {
        process.send(0, once("ended"));
        process.settle();
        process.send(0, request("live", ">" + "long ".repeat(50)).build());
        process.ticks(20);
        process.commit();
        process.loseStateButPosition(0);
        process.readAgain(0);
        process.resultsAreRead = false;
        process.ticks(50);
        process.commit();
        process.crash();
        process.resultsAreRead = true;
        process.settle();
        assertOneUnmarkedTerminal("ended");
        assertOneUnmarkedTerminal("live");
        assertThat(repeats("live")).isEmpty();
        assertThat(writtenAgain()).isEmpty();
        process.send(0, once("ended"));
        process.settle();
        assertThat(repeats("ended")).as("its end is known again").hasSize(2);
    }

    @Test
    void whatWasForgottenIsNotComputedWhenItIsReadAgain() {
        process.send(0, once("secret"));
        process.settle();
        process.send(0, "secret".getBytes(UTF_8), null,
                new RecordHeaders().add("flover.forget", new byte[] {1}));
        process.settle();
        process.loseStateButPosition(0);
        process.readAgain(0);
        process.settle();
        assertOneUnmarkedTerminal("secret");
        assertThat(process.stored(0, StoreNames.REQUESTS)).isZero();
    }

    @Test
    void anotherRecordAtAnOffsetThatWasReadIsAnswered() {
        process.send(0, once("first"));
        process.settle();
        process.replaceLog(0);
        process.send(0, once("second"));
        process.readAgain(0);
        process.settle();
        assertOneUnmarkedTerminal("second");
    }
}
