package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.topics.TemporaryPipeline;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.Model;
import dev.flover.http.Bridge;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import java.time.Duration;
import java.util.stream.IntStream;

/// A Flover pipeline as a server: requests go through topics, and chunks are read when they are committed.
final class FloverServer implements Server {
    private static final int BLOCK_TOKENS = 16;
    private static final int PREFILL_CHUNK = 64;
    private static final Duration MOST_POLL = Duration.ofMillis(10);
    private static final long PATIENCE_NANOS = 300_000_000_000L;

    private static final int PARTITIONS = 4;

    private final TemporaryPipeline pipeline;
    private int workloads;

    /// @param sequences the most sequences at the same time
    /// @param positions the most positions of a request
    FloverServer(Model model, String backend, int sequences, int positions, Duration commitInterval) {
        int blocks = sequences * (Math.ceilDiv(positions, BLOCK_TOKENS) + 1);
        var config = EngineConfig.of(sequences, sequences + PREFILL_CHUNK).with(c -> c
                .prefillChunk(PREFILL_CHUNK).blockTokens(BLOCK_TOKENS).kvBlocks(blocks).prefixCaching(false));
        var engine = Engine.start(model, Backends.open(backend, 0), config);
        pipeline = TemporaryPipeline.start(model, engine, config, commitInterval, PARTITIONS);
    }

    @Override
    public String name() {
        return "Flover, through topics";
    }

    @Override
    public Answers answer(Workload workload, int[][] prompts) {
        workloads++;
        var requests = new GenerationRequest[prompts.length];
        for (int i = 0; i < prompts.length; i++) {
            requests[i] = GenerationRequest.newBuilder().setId(workloads + "-" + i)
                    .setPromptIds(IntStream.of(prompts[i]).boxed().toList())
                    .setMaxTokens(workload.demands().get(i).tokens()).setIgnoreEos(true)
                    .setSampling(Sampling.newBuilder().setTemperature(0f).build()).build();
        }
        var answers = new Answers(workload);
        var ended = new int[1];
        int sent = 0;
        long begin = System.nanoTime();
        while (ended[0] < requests.length) {
            long now = System.nanoTime() - begin;
            while (sent < requests.length && Answers.arrivalNanos(workload.demands().get(sent)) <= now) {
                pipeline.send(requests[sent++]);
            }
            pipeline.read(untilNext(workload, sent, now), chunk -> {
                int request = Integer.parseInt(chunk.getRequestId().substring(chunk.getRequestId().indexOf('-') + 1));
                if (!chunk.getTokenIds().isEmpty()) {
                    answers.token(request, System.nanoTime() - begin);
                }
                ended[0] += chunk.getTerminal() ? 1 : 0;
            });
            if (now > PATIENCE_NANOS) {
                throw new IllegalStateException("the pipeline did not answer all requests within five minutes");
            }
        }
        return answers;
    }

    /// Starts a bridge to the pipeline, which closes with it.
    Bridge bridge() {
        return pipeline.bridge();
    }

    private static Duration untilNext(Workload workload, int sent, long now) {
        if (sent == workload.size()) {
            return MOST_POLL;
        }
        long left = Answers.arrivalNanos(workload.demands().get(sent)) - now;
        return Duration.ofNanos(Math.clamp(left, 0, MOST_POLL.toNanos()));
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
