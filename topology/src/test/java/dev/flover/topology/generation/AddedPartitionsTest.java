package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.position.PartitionCounts;
import dev.flover.topology.state.StoreNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An id that was used before partitions were added is still known, whichever partition its next record comes to.
class AddedPartitionsTest {
    private static final int BEFORE = 2;
    private static final int AFTER = 6;

    private final SimulatedProcess process = SimulatedProcess.of(BEFORE, 4);

    /// Ids whose hash leads to another partition after partitions are added.
    private List<String> moving(int count) {
        var ids = new ArrayList<String>();
        var counts = process.counts.with(
                new PartitionCounts.Count(AFTER, process.wall));
        for (int i = 0; ids.size() < count; i++) {
            if (counts.homes(("id" + i).getBytes(UTF_8), 0).size() > 1) {
                ids.add("id" + i);
            }
        }
        return ids;
    }

    private int home(String id) {
        return process.counts.home(id.getBytes(UTF_8));
    }

    private static GenerationRequest asked(String id) {
        return request(id, ">a few words").build();
    }

    private static GenerationRequest endless(String id) {
        return request(id, ">" + "long ".repeat(300)).build();
    }

    private List<TokenChunk> terminals(String id) {
        return process.chunks(id).stream().filter(TokenChunk::getTerminal).toList();
    }

    private void assertOneFreshTerminal(String id) {
        assertThat(terminals(id).stream().filter(chunk -> !chunk.getRepeat())).as(id).hasSize(1);
    }

    @Test
    void aRetryOfAnEndedRequestGetsItsAnswerAgain() {
        for (var id : moving(5)) {
            process.send(home(id), asked(id));
        }
        process.settle();
        process.grow(AFTER);
        for (var id : moving(5)) {
            process.send(home(id), asked(id));
        }
        process.settle();
        for (var id : moving(5)) {
            assertOneFreshTerminal(id);
            assertThat(terminals(id)).as("of them one that is said again").hasSize(2);
        }
        assertThat(process.count("flover.requests.passed.on")).isEqualTo(5);
    }

    @Test
    void aRetryOfALiveRequestIsAbsorbedAndItsGenerationGoesOn() {
        var id = moving(1).getFirst();
        process.send(home(id), endless(id));
        process.ticks(30);
        process.commit();
        process.grow(AFTER);
        process.send(home(id), endless(id));
        process.settle();
        assertOneFreshTerminal(id);
        assertThat(terminals(id)).hasSize(1);
        assertThat(process.count("flover.requests.duplicate")).isEqualTo(1);
    }

    @Test
    void aCancelFindsItsGeneration() {
        var id = moving(1).getFirst();
        process.send(home(id), endless(id));
        process.ticks(30);
        process.commit();
        process.grow(AFTER);
        process.cancel(home(id), id);
        process.settle();
        assertThat(process.result(id).getFinishReason()).isEqualTo(FinishReason.CANCELLED);
    }

    @Test
    void aNewIdIsAnsweredOnceWhereItBelongs() {
        process.grow(AFTER);
        for (var id : moving(20)) {
            process.send(home(id), asked(id));
            process.send(home(id), asked(id));
        }
        process.settle();
        for (var id : moving(20)) {
            assertOneFreshTerminal(id);
        }
        assertThat(process.stored(AFTER - 1, StoreNames.ENDED)).as("new partitions work").isPositive();
    }

    @Test
    void aProducerThatHasNotHeardOfItYetIsAnsweredOnceToo() {
        var old = process.counts;
        process.grow(AFTER);
        var id = moving(1).getFirst();
        process.send(old.home(id.getBytes(UTF_8)), asked(id));
        process.send(home(id), asked(id));
        process.send(old.home(id.getBytes(UTF_8)), asked(id));
        process.settle();
        assertOneFreshTerminal(id);
        assertThat(process.results(id)).hasSize(1);
    }

    @Test
    void onceIdsFromBeforeAreForgottenNothingIsPassedOnAnyMore() {
        process.grow(AFTER);
        process.wall += process.config.remembering().ended().multipliedBy(3).toMillis();
        for (var id : moving(5)) {
            process.send(home(id), asked(id));
        }
        process.settle();
        moving(5).forEach(this::assertOneFreshTerminal);
        assertThat(process.count("flover.requests.passed.on")).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whateverComesWhereverEachIdHasOneFreshAnswer(long seed) {
        var random = new Random(seed);
        var counts = new ArrayList<>(List.of(process.counts));
        var sent = new TreeSet<String>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 40; i++) {
                var id = "id" + random.nextInt(25);
                var known = counts.get(random.nextInt(counts.size()));
                sent.add(id);
                process.send(known.home(id.getBytes(UTF_8)), asked(id));
                if (random.nextInt(5) == 0) {
                    process.ticks(random.nextInt(40));
                    process.commit();
                }
                if (random.nextInt(15) == 0) {
                    process.crash();
                }
            }
            process.grow(process.counts.now() + 1 + random.nextInt(3));
            counts.add(process.counts);
        }
        process.settle();
        for (int i = 0; i < 25; i++) {
            var id = "id" + i;
            if (sent.contains(id)) {
                assertOneFreshTerminal(id);
            }
        }
        assertThat(process.deadLetterReasons()).isEmpty();
    }
}
