package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.api.EngineException;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.Rejection;
import dev.flover.schemas.RejectionCode;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import dev.flover.topology.config.Recovery;
import dev.flover.topology.state.Caution;
import dev.flover.topology.state.StoreNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class GenerationProcessorTest {
    private static final int SLOTS = 8;

    private final SimulatedProcess process = SimulatedProcess.of(1, SLOTS);

    @Test
    void aPromptBecomesText() {
        process.send(0, request("a", "say>hello").setMetadata(Map.of("k", "v")).build());
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("hello");
        var last = process.chunks("a").getLast();
        assertThat(last.getTerminal()).isTrue();
        assertThat(last.getMetadata()).containsEntry("k", "v");
        assertThat(last.getFinish().getReason()).isEqualTo(FinishReason.STOP);
        assertThat(last.getFinish().getPromptTokens()).isEqualTo(9);
        assertThat(last.getFinish().getCompletionTokens()).isEqualTo(6);
        assertThat(last.getFinish().getModel()).isEqualTo("model-fingerprint");
        assertThat(last.getFinish().getArithmetic()).isEqualTo("scripted");
        assertThat(process.result("a").getText()).isEqualTo("hello");
        assertThat(process.result("a").getTokenIds()).containsExactly(
                (int) 'h', (int) 'e', (int) 'l', (int) 'l', (int) 'o', ByteTokenizer.END_OF_TEXT);
    }

    @Test
    void chunksOfAnAnswerFollowEachOtherWithoutGapAndOnlyTheLastIsTerminal() {
        process.send(0, request("a", ">some more words").build());
        process.settle();
        int position = 0;
        var chunks = process.chunks("a");
        for (var chunk : chunks) {
            assertThat(chunk.getPosition()).isEqualTo(position);
            position += chunk.getTokenIds().size();
        }
        assertThat(position).isEqualTo(16);
        assertThat(chunks.stream().filter(TokenChunk::getTerminal)).containsExactly(chunks.getLast());
    }

    @Test
    void nothingIsStoredOfAnEndedGenerationButItsIdAmongTheEnded() {
        process.send(0, request("a", ">words").build());
        process.settle();
        assertThat(process.stored(0, StoreNames.REQUESTS)).isZero();
        assertThat(process.stored(0, StoreNames.PROGRESS)).isZero();
        assertThat(process.stored(0, StoreNames.ATTEMPTS)).isZero();
        assertThat(process.stored(0, StoreNames.ENDED)).isOne();
    }

    @Test
    void aGenerationLeavesASegmentOfProgressACommit() {
        var pace = new Pace(Duration.ofMillis(1), Duration.ofMillis(5), Duration.ZERO);
        var often = new SimulatedProcess(SimulatedProcess.config().with(pace), 1, SLOTS,
                () -> new ScriptedEngine(SLOTS, "scripted"));
        often.send(0, request("a", ">" + "x".repeat(200)).build());
        for (int i = 0; i < 10; i++) {
            often.ticks(10);
            often.commit();
        }
        assertThat(often.text("a", 0).length()).isBetween(95, 100);
        assertThat(often.stored(0, StoreNames.PROGRESS)).isEqualTo(10);
    }

    @Test
    void tokensBetweenTheFirstAndTheLastAreKeptBackUntilACommitIsDue() {
        process.send(0, request("a", ">" + "x".repeat(60)).build());
        process.ticks(4);
        process.commit();
        var early = process.text("a", 0);
        assertThat(early).as("the first do not wait").hasSizeBetween(1, 4);
        process.ticks(40);
        process.commit();
        assertThat(process.text("a", 0)).isEqualTo(early);
        process.ticks(12);
        process.commit();
        assertThat(process.text("a", 0)).as("a commit that came early puts nothing off").hasSizeBetween(53, 56);
        process.ticks(10);
        process.commit();
        assertThat(process.text("a", 0)).as("the end does not wait").hasSize(60);
    }

    @Test
    void theCommitOfAFirstTokenCoversWhatPartitionsBeforeItHaveKeptBack() {
        var two = SimulatedProcess.of(2, SLOTS);
        two.send(0, request("a", ">" + "x".repeat(100)).build());
        two.ticks(4);
        two.commit();
        two.ticks(30);
        assertThat(two.asksForCommit()).isFalse();
        two.send(1, request("b", ">" + "y".repeat(100)).build());
        int ticks = 0;
        for (; !two.asksForCommit(); ticks++) {
            two.tick();
        }
        two.commit();
        assertThat(ticks).as("the interval is not over").isLessThan(5);
        assertThat(two.text("b", 0)).isNotEmpty();
        assertThat(two.text("a", 0)).hasSizeGreaterThan(30);
    }

    @Test
    void theEngineWorksAheadWhileTheThreadCommitsAndOnlyThen() {
        var engine = (ScriptedEngine) process.engine;
        process.send(0, request("a", ">" + "x".repeat(60)).build());
        process.ticks(4);
        assertThat(engine.launchedAhead).as("the commit of the first tokens").isPositive();
        process.commit();
        long before = engine.launchedAhead;
        process.ticks(40);
        assertThat(engine.launchedAhead).isEqualTo(before);
        process.ticks(12);
        assertThat(engine.launchedAhead).as("the commit interval is over").isGreaterThan(before);
    }

    @Test
    void atLeastOnceNoTokenIsKeptBack() {
        var relaxed = new SimulatedProcess(SimulatedProcess.config().with(Delivery.AT_LEAST_ONCE), 1, SLOTS,
                () -> new ScriptedEngine(SLOTS, "scripted"));
        relaxed.send(0, request("a", ">" + "x".repeat(60)).build());
        relaxed.ticks(40);
        relaxed.commit();
        assertThat(relaxed.text("a", 0)).hasSizeBetween(37, 40);
    }

    @Test
    void tokensOfAnEagerRequestAreNotKeptBack() {
        process.send(0, request("a", ">" + "x".repeat(60)).setEager(true).build());
        process.send(0, request("b", ">" + "y".repeat(60)).build());
        process.ticks(4);
        process.commit();
        int others = process.text("b", 0).length();
        process.ticks(40);
        process.commit();
        assertThat(process.text("a", 0)).hasSizeBetween(40, 44);
        assertThat(process.text("b", 0)).hasSize(others);
    }

    @Test
    void whereOtherTokensMayFollowAfterACrashEagerRequestsAreRejected() {
        var config = SimulatedProcess.config().with(new Recovery(OtherArithmetic.CONTINUE, 2, 3));
        var moving = new SimulatedProcess(config, 1, SLOTS, () -> new ScriptedEngine(SLOTS, "scripted"));
        moving.send(0, request("a", ">abc").setEager(true).build());
        moving.settle();
        assertThat(moving.result("a").getMessage()).startsWith("eager must be false");
        assertThat(moving.result("a").getRejection()).isEqualTo(new Rejection(RejectionCode.INVALID, "eager"));
    }

    @Test
    void allPartitionsShareEachStep() {
        var four = SimulatedProcess.of(4, SLOTS);
        for (int partition = 0; partition < 4; partition++) {
            four.send(partition, request("r" + partition, ">" + "x".repeat(40)).build());
        }
        four.settle();
        for (int partition = 0; partition < 4; partition++) {
            assertThat(four.text("r" + partition, 0)).hasSize(40);
        }
        assertThat(four.engine.status().steps()).isBetween(41L, 45L);
        assertThat(four.engine.status().rows()).isBetween(4 * 41L, 4 * 43L);
    }

    @Test
    void theTraceOfTheRequestIsOnEveryRecordOfItsAnswer() {
        var headers = new RecordHeaders().add("traceparent", "00-trace-span-01".getBytes(UTF_8));
        process.send(0, "a".getBytes(UTF_8), SimulatedProcess.onTheWire(request("a", ">abc").build()), headers);
        process.settle();
        assertThat(process.records(PipelineTopology.TOKENS_SINK)).hasSizeGreaterThan(1).allSatisfy(record ->
                assertThat(record.headers().lastHeader("traceparent").value())
                        .asString().isEqualTo("00-trace-span-01"));
    }

    @Test
    void aStopStringEndsTheAnswerAndIsNotPartOfIt() {
        process.send(0, request("a", ">one END two").setStop(List.of("END")).build());
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("one ");
        assertThat(process.chunks("a").getLast().getFinish().getStop()).isEqualTo("END");
        assertThat(process.result("a").getCompletionTokens()).isEqualTo(7);
    }

    @Test
    void noChunkHoldsHalfACharacter() {
        process.send(0, request("a", ">Füße 🎈").build());
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("Füße 🎈");
        assertThat(process.chunks("a")).noneMatch(chunk -> chunk.getText().contains("\uFFFD"));
    }

    @Test
    void severalAnswersHaveOneTerminalRecord() {
        process.send(0, request("a", ">abc").setAnswers(3).build());
        process.settle();
        for (int answer = 0; answer < 3; answer++) {
            assertThat(process.text("a", answer)).isEqualTo("abc");
        }
        assertThat(process.chunks("a").stream().filter(TokenChunk::getTerminal)).hasSize(1);
        assertThat(process.chunks("a").stream().filter(chunk -> chunk.getFinish() != null)).hasSize(3);
        assertThat(process.result("a").getOtherAnswers()).hasSize(2);
        assertThat(process.result("a").getCompletionTokens()).isEqualTo(12);
    }

    @Test
    void aLongPromptsLogprobsAreCutIntoRecordsOfBoundedSizeBeforeTheFirstToken() {
        String prompt = "p".repeat(600) + ">ab";
        process.send(0, request("a", prompt).setPromptLogprobs(0).setAnswers(2).build());
        process.settle();
        var first = process.chunks("a").stream().filter(chunk -> chunk.getPromptLogprobs() != null).toList();
        assertThat(first).extracting(TokenChunk::getPromptPosition).containsExactly(1, 257, 513);
        assertThat(first).extracting(chunk -> chunk.getPromptLogprobs().size()).containsExactly(256, 256, 90);
        assertThat(first).allMatch(chunk -> chunk.getAnswer() == 0 && chunk.getPosition() == 0);
        assertThat(process.text("a", 0)).isEqualTo("ab");
        assertThat(process.text("a", 1)).isEqualTo("ab");
    }

    @Test
    void logprobsComeWhereTheyWereAskedFor() {
        process.send(0, request("a", ">ab").setLogprobs(0).build());
        process.send(0, request("b", ">ab").build());
        process.settle();
        assertThat(process.chunks("a")).allSatisfy(chunk ->
                assertThat(chunk.getLogprobs()).hasSameSizeAs(chunk.getTokenIds()));
        assertThat(process.chunks("b")).allSatisfy(chunk -> assertThat(chunk.getLogprobs()).isNull());
    }

    @Test
    void anEchoedPromptOpensTheAnswerAlsoAfterARestart() {
        process.send(0, request("a", "say>hello").setEcho(true).setStop(List.of("say")).build());
        process.ticks(4);
        process.commit();
        process.ticks(2);
        process.crash();
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("say>hellohello");
        assertThat(process.result("a").getText()).isEqualTo("say>hellohello");
        assertThat(process.result("a").getTokenIds()).hasSize(6);
    }

    @Test
    void aResultThatIsTooLargeForItsTopicPointsToTheChunks() {
        process.resultBytes = 100;
        process.crash();
        process.send(0, request("a", ">" + "x".repeat(200)).build());
        process.settle();
        assertThat(process.text("a", 0)).hasSize(200);
        assertThat(process.result("a").getText()).isEmpty();
        assertThat(process.result("a").getMessage()).contains("generation-tokens");
        assertThat(process.result("a").getCompletionTokens()).isEqualTo(201);
    }

    @Test
    void aNullValueCancelsALiveGeneration() {
        process.send(0, request("a", ">" + "x".repeat(1000)).build());
        process.ticks(10);
        process.cancel(0, "a");
        process.settle();
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(process.text("a", 0)).isNotEmpty().isEqualTo(process.result("a").getText());
        assertThat(process.result("a").getText().length()).isLessThan(20);
        assertThat(process.engine.status().running()).isZero();
    }

    @Test
    void aNullValueCancelsAWaitingRequest() {
        var narrow = SimulatedProcess.of(1, 1);
        narrow.send(0, request("first", ">" + "x".repeat(100)).build());
        narrow.send(0, request("second", ">yes").build());
        narrow.ticks(5);
        narrow.cancel(0, "second");
        narrow.settle();
        assertThat(narrow.result("second").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(narrow.result("second").getText()).isEmpty();
        assertThat(narrow.result("first").getText()).hasSize(100);
    }

    @Test
    void aNullValueCancelsARequestThatComesLaterForATime() {
        process.cancel(0, "a");
        process.cancel(0, "b");
        process.tick();
        process.send(0, request("a", ">yes").build());
        process.ticks(2);
        process.now += process.config.remembering().cancelled().toMillis();
        process.send(0, request("b", ">yes").build());
        process.settle();
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(process.result("b").getFinishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void theSameRequestAgainIsAbsorbedAndCounted() {
        var request = request("a", ">abc").setMetadata(Map.of("x", "1", "y", "2", "z", "3")).build();
        process.send(0, request);
        process.send(0, request);
        process.settle();
        process.send(0, request);
        process.settle();
        assertThat(process.results("a")).hasSize(1);
        assertThat(process.count("flover.requests.duplicate")).isEqualTo(1);
        assertThat(process.count("flover.requests.repeated")).isEqualTo(1);
        assertThat(process.deadLetterReasons()).isEmpty();
    }

    @Test
    void anotherRequestUnderAUsedIdIsADeadLetter() {
        process.send(0, request("a", ">abc").build());
        process.send(0, request("a", ">something else").build());
        process.settle();
        assertThat(process.result("a").getText()).isEqualTo("abc");
        assertThat(process.deadLetterReasons()).singleElement().asString().contains("different request");
        var letter = process.records(PipelineTopology.DEAD_LETTERS_SINK).getFirst();
        assertThat(letter.value()).isEqualTo(SimulatedProcess.onTheWire(request("a", ">something else").build()));
        assertThat(letter.headers().lastHeader(Output.SOURCE_OFFSET).value()).asString().isEqualTo("1");
    }

    @Test
    void anIdCanBeUsedAgainOnceItIsForgotten() {
        process.send(0, request("a", ">abc").build());
        process.settle();
        process.now += process.config.remembering().ended().toMillis();
        process.tick();
        process.send(0, request("a", ">again").build());
        process.settle();
        assertThat(process.results("a")).extracting(result -> result.getText()).containsExactly("abc", "again");
    }

    @Test
    void whatIsNotARequestIsADeadLetterAsItWas() {
        byte[] garbage = {1, 2, 3};
        process.send(0, "a".getBytes(UTF_8), garbage, new RecordHeaders());
        process.send(0, new byte[] {(byte) 0xff}, garbage, new RecordHeaders());
        process.send(0, null, garbage, new RecordHeaders());
        process.send(0, new byte[300], null, new RecordHeaders());
        process.send(0, request("ok", ">fine").build());
        process.settle();
        assertThat(process.result("ok").getText()).isEqualTo("fine");
        assertThat(process.deadLetterReasons()).hasSize(4)
                .satisfiesExactly(
                        reason -> assertThat(reason).contains("expected a GenerationRequest"),
                        reason -> assertThat(reason).contains("not UTF-8"),
                        reason -> assertThat(reason).contains("found none"),
                        reason -> assertThat(reason).contains("found 300 bytes"));
        assertThat(process.records(PipelineTopology.DEAD_LETTERS_SINK).getFirst().value()).isEqualTo(garbage);
    }

    @Test
    void aRequestThatCannotBeServedIsRejectedByName() {
        process.send(0, request("a", ">abc").setAnswers(0).build());
        process.settle();
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(process.result("a").getMessage()).isEqualTo("answers must be in [1, 16], was 0");
        assertThat(process.chunks("a")).singleElement().satisfies(chunk ->
                assertThat(chunk.getTerminal()).isTrue());
    }

    @Test
    void aDeadlineEndsLiveAndWaitingRequests() {
        var narrow = SimulatedProcess.of(1, 1);
        narrow.send(0, request("live", ">" + "x".repeat(1000)).setDeadlineMs(20L).build());
        narrow.send(0, request("waiting", ">yes").setDeadlineMs(10L).build());
        narrow.settle();
        assertThat(narrow.result("live").getFinishReason()).isEqualTo(FinishReason.EXPIRED);
        assertThat(narrow.result("live").getText()).isNotEmpty();
        assertThat(narrow.result("waiting").getFinishReason()).isEqualTo(FinishReason.EXPIRED);
        assertThat(narrow.result("waiting").getText()).isEmpty();
    }

    @Test
    void aFullWaitingRoomHoldsThePartitionAndDrains() {
        var config = SimulatedProcess.config().with(new WaitingLimits(10, 1 << 20));
        var small = new SimulatedProcess(config, 1, 2, () -> new ScriptedEngine(2, "scripted"));
        for (int i = 0; i < 100; i++) {
            small.send(0, request("r" + i, ">" + "x".repeat(20)).build());
        }
        int most = 0;
        boolean held = false;
        for (int i = 0; i < 3000; i++) {
            small.tick();
            most = Math.max(most, small.waiting());
            held |= small.isHeld(0);
        }
        small.commit();
        assertThat(held).isTrue();
        assertThat(small.isHeld(0)).isFalse();
        for (int i = 0; i < 100; i++) {
            assertThat(small.result("r" + i).getText()).hasSize(20);
        }
        assertThat(most).as("records of one poll may come after the limit").isLessThanOrEqualTo(100);
    }

    @Test
    void aSilentRegistryDelaysNewRequestsButNotLiveGenerations() {
        process.send(0, request("live", ">" + "x".repeat(100)).build());
        process.ticks(3);
        process.registryAnswers = false;
        byte[] unknownSchema = SimulatedProcess.onTheWire(request("later", ">yes").build());
        unknownSchema[4] = 8;
        process.send(0, "later".getBytes(UTF_8), unknownSchema, new RecordHeaders());
        process.send(0, "later".getBytes(UTF_8), unknownSchema, new RecordHeaders());
        process.send(0, request("other", ">no").build());
        process.ticks(150);
        process.commit();
        assertThat(process.result("live").getText()).hasSize(100);
        assertThat(process.text("other", 0)).as("another key waits for nothing").isEqualTo("no");
        assertThat(process.results("later")).isEmpty();

        process.crash();
        process.ticks(10);
        process.registryAnswers = true;
        process.settle();
        process.settle();
        assertThat(process.text("later", 0)).isEqualTo("yes");
        assertThat(process.results("later")).hasSize(1);
        assertThat(process.deadLetterReasons()).isEmpty();
        assertThat(process.stored(0, StoreNames.PARKED)).isZero();
    }

    @Test
    void aCancelAnswersWhatWaitsForItsSchema() {
        process.registryAnswers = false;
        process.send(0, request("a", ">yes").build());
        process.ticks(3);
        process.cancel(0, "a");
        process.ticks(3);
        process.commit();
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(process.result("a").getMessage()).contains("while it waited for its schema");
        assertThat(process.stored(0, StoreNames.PARKED)).isZero();
        process.registryAnswers = true;
        process.settle();
        assertThat(process.results("a")).hasSize(1);
    }

    @Test
    void moreThanMayWaitForTheirSchemasHoldThePartitionBack() {
        int most = process.config.recovery().patience().parked();
        process.registryAnswers = false;
        for (int i = 0; i <= most; i++) {
            process.send(0, request("r" + i, ">yes").build());
        }
        process.ticks(3);
        assertThat(process.isHeld(0)).isTrue();
        process.registryAnswers = true;
        process.settle();
        assertThat(process.isHeld(0)).isFalse();
        assertThat(process.text("r" + most, 0)).isEqualTo("yes");
    }

    @Test
    void aProcessorThatIsInitialisedAgainContinuesFromItsStores() {
        process.send(0, request("a", ">the quick brown fox").build());
        process.ticks(10);
        process.commit();
        process.ticks(4);
        process.reopen(0);
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("the quick brown fox");
        assertThat(process.engine.status().running()).isZero();
    }

    @Test
    void logitsThatAreNotNumbersEndOnlyTheirOwnGeneration() {
        process.send(0, request("bad", ">abc~").build());
        process.send(0, request("good", ">abcdefgh").build());
        process.settle();
        assertThat(process.result("bad").getFinishReason()).isEqualTo(FinishReason.ERROR);
        assertThat(process.result("bad").getText()).isEqualTo("abc");
        assertThat(process.result("good").getText()).isEqualTo("abcdefgh");
        assertThat(process.deadLetterReasons()).singleElement().asString().contains("not finite");
    }

    @Test
    void aGenerationThatEndsTheProcessEachTimeIsGivenUpAndItsNeighboursAreNot() {
        process.send(0, request("poison", ">^").build());
        for (int i = 0; i < 5; i++) {
            process.send(0, request("good" + i, ">" + "x".repeat(30 + i)).build());
        }
        int lives = runThroughCrashes(process);
        assertThat(process.result("poison").getFinishReason()).isEqualTo(FinishReason.ERROR);
        assertThat(process.result("poison").getMessage()).contains("given up");
        assertThat(process.deadLetterReasons()).hasSize(1);
        for (int i = 0; i < 5; i++) {
            assertThat(process.result("good" + i).getText()).isEqualTo("x".repeat(30 + i));
        }
        var recovery = process.config.recovery();
        assertThat(lives).isLessThanOrEqualTo(2 + recovery.suspectAfter() + recovery.attemptsAlone());
    }

    /// Runs until nothing is left to do. Each time the engine breaks, the process is started again, with caution.
    /// Returns the number of lives.
    private static int runThroughCrashes(SimulatedProcess process) {
        int lives = 1;
        for (int i = 0; i < 5000; i++) {
            try {
                process.tick();
            } catch (EngineException e) {
                lives++;
                assertThat(lives).as("lives").isLessThan(20);
                process.caution = new Caution(Long.MAX_VALUE);
                process.crash();
            }
            if (i % 20 == 19) {
                process.commit();
            }
        }
        return lives;
    }

    @Test
    void aBrokenEngineStopsTheStreamThread() {
        process.send(0, request("poison", ">^").build());
        assertThatThrownBy(() -> process.ticks(10)).isInstanceOf(EngineException.class);
    }

    @Test
    void aGenerationBegunUnderOtherArithmeticWaitsForItsLike() {
        var arithmetic = new ArrayList<>(List.of("new", "old"));
        var moving = new SimulatedProcess(SimulatedProcess.config(), 1, SLOTS,
                () -> new ScriptedEngine(SLOTS, arithmetic.getLast()));
        moving.send(0, request("a", ">the quick brown fox").build());
        moving.ticks(8);
        moving.commit();
        arithmetic.removeLast();
        moving.crash();
        moving.send(0, request("b", ">other").build());
        moving.settle();
        assertThat(moving.result("b").getText()).isEqualTo("other");
        assertThat(moving.results("a")).isEmpty();
        arithmetic.add("old");
        moving.crash();
        moving.settle();
        assertThat(moving.text("a", 0)).isEqualTo("the quick brown fox");
        assertThat(moving.result("a").getArithmetic()).isEqualTo("old");
    }

    @Test
    void aGenerationMayContinueUnderOtherArithmeticAndSaysSo() {
        var arithmetic = new ArrayList<>(List.of("new", "old"));
        var config = SimulatedProcess.config().with(new Recovery(OtherArithmetic.CONTINUE, 2, 3));
        var moving = new SimulatedProcess(config, 1, SLOTS, () -> new ScriptedEngine(SLOTS, arithmetic.getLast()));
        moving.send(0, request("a", ">the quick brown fox").build());
        moving.ticks(8);
        moving.commit();
        arithmetic.removeLast();
        moving.crash();
        moving.settle();
        assertThat(moving.text("a", 0)).isEqualTo("the quick brown fox");
        assertThat(moving.result("a").getArithmetic()).isEqualTo("old, then new");
    }

    @Test
    void livesOfKafkaStreamsThatEndWithoutTheProcessAreNoAttempts() {
        process.send(0, request("a", ">abc").build());
        process.tick();
        process.commit();
        for (int life = 0; life < 50; life++) {
            process.endLife();
            process.tick();
            process.commit();       // commits the attempt, but no token
        }
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("abc");
        assertThat(process.deadLetterReasons()).isEmpty();
    }

    @Test
    void processesThatAreToldToStopAreNoAttempts() {
        process.send(0, request("a", ">abc").build());
        process.tick();
        process.commit();
        for (int life = 0; life < 50; life++) {
            process.crash();
            process.tick();
            process.stop();
        }
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("abc");
        assertThat(process.deadLetterReasons()).isEmpty();
    }
}
