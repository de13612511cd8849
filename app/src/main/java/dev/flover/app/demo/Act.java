package dev.flover.app.demo;

import dev.flover.app.client.Answers;
import dev.flover.app.client.Requests;
import dev.flover.app.connection.Connection;
import dev.flover.app.demo.Script.Line;
import dev.flover.app.options.CommandException;
import dev.flover.app.picture.Frame;
import dev.flover.app.picture.View;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/// Plays one act of the demo: sends a script's requests at their times and reads the answers, like a client, while a
/// view shows the progress.
final class Act {
    private static final long FRAME_NANOS = 40_000_000;
    private static final long LIMIT_MS = 240_000;
    private static final Duration POLL = Duration.ofMillis(20);

    private final Connection connection;
    private final Script script;
    private final String name;
    private final Scoreboard board;
    private final DemoPipeline pipeline;
    private long startNanos;

    /// @param name the prefix of its requests' ids
    Act(Connection connection, Script script, String name, Scoreboard board, DemoPipeline pipeline) {
        this.connection = connection;
        this.script = script;
        this.name = name;
        this.board = board;
        this.pipeline = pipeline;
    }

    /// Plays the act, and returns when every generation has ended.
    ///
    /// @return the last frame
    Frame play(View view) {
        var topics = TopicNames.standard();
        try (var requests = new Requests(connection, topics.requests());
                var answers = new Answers(connection, topics.tokens(), false)) {
            ExecutorService threads = Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().factory());
            startNanos = System.nanoTime();
            var sending = threads.submit(() -> send(requests));
            var reading = threads.submit(() -> read(answers));
            threads.shutdown();
            return watch(view, sending, reading);
        }
    }

    private Frame watch(View view, Future<?> sending, Future<?> reading) {
        long nextSampleMs = 0;
        while (!reading.isDone()) {
            long now = nowMs();
            if (now >= nextSampleMs) {
                sample(now);
                nextSampleMs = now + Frame.SAMPLE_MS;
            }
            var frame = board.frame(now);
            view.show(frame);
            pipeline.shown(frame, board);
            pipeline.check();
            if (sending.isDone()) {
                outcome(sending);
            }
            if (now > LIMIT_MS) {
                throw new CommandException("the generations did not end within " + LIMIT_MS / 1000 + " s");
            }
            LockSupport.parkNanos(FRAME_NANOS);
        }
        outcome(reading);
        sample(nowMs());
        var end = board.frame(nowMs());
        view.show(end);
        return end;
    }

    private void sample(long now) {
        board.sample(pipeline.steps(), pipeline.rows(), now);
    }

    private void send(Requests requests) {
        for (var line : script.lines()) {
            while (nowMs() < line.atMs()) {
                LockSupport.parkNanos((line.atMs() - nowMs()) * 1_000_000);
            }
            board.sent(line.number(), nowMs());
            requests.sendLater(request(line));
        }
    }

    private void read(Answers answers) {
        while (!board.allDone()) {
            answers.poll(POLL, this::note);
        }
    }

    private void note(TokenChunk chunk) {
        if (!chunk.getRequestId().startsWith(name + "-")) {
            return;     // a request that came over HTTP
        }
        var finish = chunk.getFinish();
        if (finish != null && finish.getReason() != FinishReason.STOP && finish.getReason() != FinishReason.LENGTH) {
            throw new CommandException("request " + chunk.getRequestId() + " ended as " + finish.getReason() + ": "
                    + finish.getMessage());
        }
        int number = Integer.parseInt(chunk.getRequestId().substring(name.length() + 1));
        board.read(number, chunk.getPosition(), chunk.getTokenIds(), chunk.getText(), chunk.getTerminal(), nowMs());
    }

    private GenerationRequest request(Line line) {
        return GenerationRequest.newBuilder()
                .setId(name + "-" + line.number())
                .setPrompt(line.prompt())
                .setMaxTokens(line.maxTokens())
                .setSeed((long) line.number())
                .setSampling(Sampling.newBuilder().setTemperature(0.7f).setMinP(0.05f).build())
                .build();
    }

    private long nowMs() {
        return (System.nanoTime() - startNanos) / 1_000_000;
    }

    private static void outcome(Future<?> task) {
        try {
            task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new CommandException(
                    String.valueOf(e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
    }
}
