package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.EngineStatusBuilder;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.StoredRequest;
import dev.flover.topology.state.PartitionState.StoredAnswer;
import dev.flover.topology.streams.StepSignal;
import dev.flover.topology.waiting.SuspectTurn;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.Test;

class SharedEngineTest {
    private static final int SLOTS = 4;
    private static final SequenceRequest SEQUENCE =
            SequenceRequest.of(new int[] {1}, SamplingParams.greedy(), 10, TokenSet.EMPTY);

    /// An engine that records how many steps its owner allows to be in progress.
    private static final class Notebook implements TokenEngine {
        private int underWay;
        private long admitted;
        private long steps;
        private int running = 1;
        private boolean hasStepUnderWay = true;
        private String leak;

        @Override
        public long admit(SequenceRequest request) {
            return ++admitted;
        }

        @Override
        public void cancel(long sequence) {}

        @Override
        public boolean pump(TokenSink sink, int underWay) {
            this.underWay = underWay;
            steps++;
            return hasStepUnderWay;
        }

        @Override
        public boolean launch(int underWay) {
            return true;
        }

        @Override
        public void onStepEnd(Runnable wake) {}

        @Override
        public EngineStatus status() {
            return EngineStatusBuilder.builder().steps(steps).running(running).leak(leak).build();
        }

        @Override
        public String arithmetic() {
            return "none";
        }

        @Override
        public void close() {}
    }

    private long now;
    private final Notebook notebook = new Notebook();
    private final StepSignal signal = new StepSignal();
    private final SharedEngine engine =
            new SharedEngine(notebook, SLOTS, signal, () -> { }, () -> TimeUnit.MILLISECONDS.toNanos(now),
                    new SuspectTurn(1).of(0));

    /// The number of steps that may be in progress, after three steps that each took a given time in ms.
    private int underWayAfter(long stepMillis) {
        for (int i = 0; i < 3; i++) {
            now += stepMillis;
            engine.pump(true);
        }
        return notebook.underWay;
    }

    @Test
    void newcomersNeedNotWaitForALongStepBehindTheOneUnderWayWhileHalfOfTheSlotsAreFree() {
        for (int live = 1; live <= SLOTS; live++) {
            engine.admit(answer(), SEQUENCE);
            assertThat(underWayAfter(40)).as(live + " live").isEqualTo(live <= SLOTS / 2 ? 1 : Integer.MAX_VALUE);
        }
    }

    @Test
    void slotsOfBatchRequestsCountAsFreeForTenSecondsAfterAnotherRequest() {
        for (int live = 1; live < SLOTS; live++) {
            engine.admit(answer(true), SEQUENCE);
        }
        assertThat(underWayAfter(40)).as("nothing but batch").isGreaterThan(1);
        var other = answer();
        engine.admit(other, SEQUENCE);
        assertThat(underWayAfter(40)).isEqualTo(1);
        engine.release(other);
        assertThat(underWayAfter(40)).isEqualTo(1);
        now += 10_000;
        assertThat(underWayAfter(40)).as("others have not come lately").isGreaterThan(1);
    }

    @Test
    void aLongStepIsLaunchedByThePartitionsThatTickNextWhereTheyBeginRequests() {
        engine.admit(answer(), SEQUENCE);
        assertThat(underWayAfter(40)).isEqualTo(1);
        engine.pump(false);
        assertThat(notebook.underWay).isZero();
        assertThat(underWayAfter(2)).isGreaterThan(1);
        engine.pump(false);
        assertThat(notebook.underWay).as("a short step").isGreaterThan(1);
    }

    @Test
    void theDeviceDoesNotWaitBetweenShortSteps() {
        engine.admit(answer(), SEQUENCE);

        assertThat(underWayAfter(2)).isGreaterThan(1);
        assertThat(underWayAfter(9)).isEqualTo(1);
        assertThat(underWayAfter(3)).isGreaterThan(1);
    }

    @Test
    void theThreadMaySleepLongerOnlyWhileEverySlotIsTaken() {
        var last = answer();
        for (int live = 1; live < SLOTS; live++) {
            engine.admit(answer(), SEQUENCE);
            engine.pump(true);
            assertThat(signal.isFull()).as(live + " live").isFalse();
        }
        engine.admit(last, SEQUENCE);
        engine.launch();
        assertThat(signal.isFull()).isTrue();

        engine.release(last);
        engine.pump(true);
        assertThat(signal.isFull()).isFalse();
    }

    @Test
    void whatAnIdleEngineStillHoldsIsTold() {
        var answer = answer();
        engine.admit(answer, SEQUENCE);
        notebook.leak = "the engine was idle and still held 1 KV blocks";
        engine.pump(true);
        assertThat(engine.leak()).as("not idle").isNull();

        engine.release(answer);
        notebook.running = 0;
        notebook.hasStepUnderWay = false;
        engine.pump(true);

        assertThat(engine.leak()).isEqualTo("the engine was idle and still held 1 KV blocks");
    }

    @Test
    void anAnswerThatTheEngineHasForgottenIsTold() {
        engine.admit(answer(), SEQUENCE);
        notebook.running = 0;
        notebook.hasStepUnderWay = false;
        engine.pump(true);

        assertThat(engine.leak()).isEqualTo(
                "1 answers wait for tokens of sequences that the engine does not have any more");
    }

    private static LiveAnswer answer() {
        return answer(false);
    }

    private static LiveAnswer answer(boolean batch) {
        var stored = StoredRequest.newBuilder().setRequest(SimulatedProcess.request("a", "x").setBatch(batch).build())
                .setPromptIds(List.of(1)).setArrival(0).setRequestedAt(0).setReadAt(0)
                .setDigest(ByteBuffer.allocate(0)).build();
        var generation = new LiveGeneration(Bytes.wrap(new byte[] {1}), stored, null, null);
        return new LiveAnswer(generation, 0, StoredAnswer.NONE, "", null, new Mailbox());
    }
}
