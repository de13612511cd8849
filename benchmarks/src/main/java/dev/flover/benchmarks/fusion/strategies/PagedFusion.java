package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Temporal fusion with paged keys and values, by the engine that the pipeline uses.
///
/// @param stepsInFlight 2 as in the pipeline; with 1, a request joins at the first step after its arrival
public record PagedFusion(int stepsInFlight) implements Strategy {
    public static final int BLOCK_TOKENS = 16;

    @Override
    public String name() {
        return "paged";
    }

    @Override
    public String title() {
        return "fusion, paged";
    }

    /// Makes an engine's configuration for a whole workload at once.
    public static EngineConfig config(Workload workload, int stepsInFlight) {
        int count = workload.size();
        int rows = Stage.mostRows(workload);
        int blocks = count * (Math.ceilDiv(workload.mostPositions(), BLOCK_TOKENS) + 1);
        return EngineConfig.of(count, rows).with(c -> c.blockTokens(BLOCK_TOKENS).kvBlocks(blocks)
                .stepsInFlight(stepsInFlight).prefixCaching(false));
    }

    @Override
    public Recording play(Stage stage, Workload workload, Supplier<Timeline> clock) {
        try (var engine = Engine.start(stage.model(), stage.open(), config(workload, stepsInFlight))) {
            var timeline = clock.get();
            var recording = new Recording(workload, timeline);
            new Play(engine, stage, timeline, recording).run();
            return recording;
        }
    }

    /// Plays the workload. Requests are admitted in their order, so the engine numbers their sequences from 1 in the
    /// same order.
    private static final class Play implements TokenSink {
        private final Engine engine;
        private final Stage stage;
        private final Timeline timeline;
        private final Recording recording;
        private final Arriving arriving;
        private long step;
        private int live;
        private long heldBytes;

        Play(Engine engine, Stage stage, Timeline timeline, Recording recording) {
            this.engine = engine;
            this.stage = stage;
            this.timeline = timeline;
            this.recording = recording;
            arriving = new Arriving(recording.workload(), timeline);
        }

        void run() {
            boolean underWay = false;
            while (!recording.isComplete()) {
                if (underWay) {
                    timeline.stepped();     // the step under way ends now
                }
                boolean joining = admitDue();
                if (!underWay && !joining) {
                    timeline.idleUntil(arriving.nextArrival());
                } else {
                    underWay = engine.step(this);
                    endIteration();
                    heldBytes = engine.status().blocksUsed() * BLOCK_TOKENS * stage.positionBytes();
                }
            }
        }

        private boolean admitDue() {
            boolean any = false;
            while (arriving.isDue()) {
                int request = arriving.take();
                engine.admit(SequenceRequest.of(stage.prompt(recording.workload(), request),
                        SamplingParams.greedy(), recording.workload().demands().get(request).tokens(),
                        TokenSet.EMPTY));
                any = true;
            }
            return any;
        }

        @Override
        public void token(
                long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
            if (engine.status().steps() != step) {
                endIteration();
                step = engine.status().steps();
            }
            recording.token((int) sequence - 1, tokenId, timeline.now());
            live++;
        }

        private void endIteration() {
            if (live > 0) {
                recording.iteration(timeline.now(), live, live, heldBytes);
                live = 0;
            }
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            if (reason != FinishReason.LENGTH) {
                throw new IllegalStateException("request " + (sequence - 1) + " ended by " + reason);
            }
        }
    }
}
