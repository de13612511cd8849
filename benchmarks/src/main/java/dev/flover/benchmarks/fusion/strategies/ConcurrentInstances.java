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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Model instances that compete for the device: each is an engine with its own weights on its own thread, and computes
/// one request at a time. The operating system and the device decide which instance computes when.
///
/// @param instances number of instances; further requests wait
record ConcurrentInstances(int instances) implements Strategy {
    private static final int NO_MORE = -1;

    @Override
    public String name() {
        return "instances";
    }

    @Override
    public String title() {
        return instances + " concurrent instances";
    }

    @Override
    public int copiesOfWeights() {
        return instances;
    }

    @Override
    public Recording play(Stage stage, Workload workload, Supplier<Timeline> clock) {
        var engines = new ArrayList<Engine>();
        try (var threads = Executors.newFixedThreadPool(instances)) {
            for (int i = 0; i < instances; i++) {
                engines.add(Engine.start(stage.model(), stage.open(), config(workload)));
            }
            var timeline = clock.get();
            var play = new Play(stage, timeline, new Recording(workload, timeline));
            play.run(engines, threads);
            return play.recording;
        } finally {
            engines.forEach(Engine::close);
        }
    }

    private static EngineConfig config(Workload workload) {
        int blocks = Math.ceilDiv(workload.mostPositions(), PagedFusion.BLOCK_TOKENS) + 1;
        return EngineConfig.of(1, workload.longestPrompt()).with(c -> c.blockTokens(PagedFusion.BLOCK_TOKENS)
                .kvBlocks(blocks).stepsInFlight(1).prefixCaching(false));
    }

    private static final class Play {
        private final Stage stage;
        private final Timeline timeline;
        private final Recording recording;
        private final BlockingQueue<Integer> queue = new LinkedBlockingQueue<>();
        private final AtomicInteger live = new AtomicInteger();
        private final long slotBytes;

        Play(Stage stage, Timeline timeline, Recording recording) {
            this.stage = stage;
            this.timeline = timeline;
            this.recording = recording;
            slotBytes = ContiguousEngine.blockTokens(recording.workload().mostPositions()) * stage.positionBytes();
        }

        void run(List<Engine> engines, ExecutorService threads) {
            var ends = new ArrayList<Future<?>>();
            for (var engine : engines) {
                ends.add(threads.submit(() -> serve(engine)));
            }
            var arriving = new Arriving(recording.workload(), timeline);
            while (!arriving.isEmpty()) {
                timeline.idleUntil(arriving.nextArrival());
                queue.add(arriving.take());
            }
            engines.forEach(engine -> queue.add(NO_MORE));
            ends.forEach(Play::await);
        }

        private static void await(Future<?> end) {
            try {
                end.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("an instance failed", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while instances compute", e);
            }
        }

        private Void serve(Engine engine) throws InterruptedException {
            for (int request = queue.take(); request != NO_MORE; request = queue.take()) {
                live.incrementAndGet();
                var workload = recording.workload();
                engine.admit(SequenceRequest.of(stage.prompt(workload, request), SamplingParams.greedy(),
                        workload.demands().get(request).tokens(), TokenSet.EMPTY));
                var sink = new Answer(request);
                while (engine.step(sink)) {
                    // the loop ends with the answer
                }
                live.decrementAndGet();
            }
            return null;
        }

        private final class Answer implements TokenSink {
            private final int request;

            Answer(int request) {
                this.request = request;
            }

            @Override
            public void token(
                    long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
                synchronized (recording) {
                    long now = timeline.now();
                    recording.token(request, tokenId, now);
                    recording.iteration(now, 1, 1, live.get() * slotBytes);
                }
            }

            @Override
            public void finished(long sequence, FinishReason reason) {}
        }
    }
}
