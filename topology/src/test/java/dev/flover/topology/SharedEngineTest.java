package dev.flover.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.EngineStatus;
import dev.flover.engine.SequenceRequest;
import dev.flover.engine.TokenSink;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.topology.PartitionState.StoredAnswer;
import org.junit.jupiter.api.Test;

class SharedEngineTest {
    private static final int SLOTS = 4;
    private static final SequenceRequest SEQUENCE =
            SequenceRequest.of(new int[] {1}, SamplingParams.greedy(), 10, TokenSet.EMPTY);

    /// Notes how many steps it may have under way.
    private static final class Notebook implements TokenEngine {
        private int underWay;
        private long admitted;

        @Override
        public long admit(SequenceRequest request) {
            return ++admitted;
        }

        @Override
        public void cancel(long sequence) {}

        @Override
        public boolean pump(TokenSink sink, int underWay) {
            this.underWay = underWay;
            return true;
        }

        @Override
        public boolean launchAhead() {
            return true;
        }

        @Override
        public void onStepEnd(Runnable wake) {}

        @Override
        public EngineStatus status() {
            return new EngineStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        }

        @Override
        public String arithmetic() {
            return "none";
        }

        @Override
        public void close() {}
    }

    private final Notebook notebook = new Notebook();
    private final SharedEngine engine = new SharedEngine(notebook, SLOTS, new StepSignal());

    @Test
    void whileHalfOfTheSlotsAreFreeNoStepIsReadyThatNewcomersCouldNotJoin() {
        for (int live = 1; live <= SLOTS; live++) {
            engine.admit(answer(), SEQUENCE);
            engine.pump();
            assertThat(notebook.underWay).as(live + " live").isEqualTo(live <= SLOTS / 2 ? 1 : Integer.MAX_VALUE);
        }
    }

    private static LiveAnswer answer() {
        return new LiveAnswer(null, 0, StoredAnswer.NONE, "", null, new Mailbox());
    }
}
