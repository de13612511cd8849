package dev.flover.benchmarks.topics;

import dev.flover.app.Main;
import dev.flover.app.options.CommandException;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.embedded.JavaCommand;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.json.JsonRecords;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Measures the command `batch` and, in turn, the same requests without it.
final class BatchMeasurement implements AutoCloseable {
    private static final int PARTITIONS = 2;
    /// The lines of the job that runs beside other requests, in rounds.
    private static final int JOB_ROUNDS = 20;
    /// The fewest lines of that job, so that it still runs when all requests have been answered.
    private static final int LEAST_JOB_LINES = 4_000;
    private static final int STOP_SECONDS = 20;
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final long PATIENCE_NANOS = Duration.ofMinutes(2).toNanos();

    private final TemporaryPipeline pipeline;
    private final CommittedResults results;
    private final TemporaryFolder folder = TemporaryFolder.create("flover-bench-batch-");
    private final int vocabulary;
    private final int lines;
    private final int promptTokens;
    private final int generatedTokens;
    private final PrintWriter narration;
    private int round;

    BatchMeasurement(TemporaryPipeline pipeline, int vocabulary, int lines, int promptTokens, int generatedTokens,
            PrintWriter narration) {
        this.pipeline = pipeline;
        this.vocabulary = vocabulary;
        this.lines = lines;
        this.promptTokens = promptTokens;
        this.generatedTokens = generatedTokens;
        this.narration = narration;
        results = new CommittedResults(pipeline, PARTITIONS);
    }

    BatchReport run(int rounds, int others) throws IOException {
        double[] command = new double[rounds];
        double[] topic = new double[rounds];
        double[] shares = new double[rounds];
        for (int i = -1; i < rounds; i++) {
            double atOnce = atOnce();
            double ofCommand = ofCommand();
            say(String.format(Locale.ROOT, "%s: to the topic at once %.0f tokens/s, by the command %.0f",
                    i < 0 ? "warm-up" : "round " + (i + 1), atOnce, ofCommand));
            if (i >= 0) {
                topic[i] = atOnce;
                command[i] = ofCommand;
                shares[i] = ofCommand / atOnce;
            }
        }
        var atFirst = FirstTokens.Sums.of(pipeline);
        var alone = firstTokens(others, null);
        var between = FirstTokens.Sums.of(pipeline);
        var job = startJob(file(Math.max(LEAST_JOB_LINES, JOB_ROUNDS * lines)));
        try {
            var beside = firstTokens(others, job);
            return new BatchReport(Spread.of(topic).p50(), Spread.of(command).p50(), Spread.of(shares).p50(),
                    FirstTokens.of(alone, atFirst, between),
                    FirstTokens.of(beside, between, FirstTokens.Sums.of(pipeline)));
        } finally {
            end(job);
        }
    }

    private static void end(Process job) {
        job.destroy();
        try {
            if (!job.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                job.destroyForcibly();
            }
        } catch (InterruptedException e) {
            job.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private double atOnce() {
        var requests = requests(lines);
        results.skip();
        long begin = System.nanoTime();
        requests.forEach(pipeline::send);
        results.await(requests.size());
        return rate(begin);
    }

    private double ofCommand() throws IOException {
        Path file = file(lines);
        long begin = System.nanoTime();
        batch(file);
        return rate(begin);
    }

    private double rate(long begin) {
        return (double) lines * generatedTokens * 1e9 / (System.nanoTime() - begin);
    }

    private Path file(int count) throws IOException {
        Path file = folder.path().resolve("lines-" + round + ".jsonl");
        try (var out = Files.newBufferedWriter(file)) {
            for (var request : requests(count)) {
                out.write(new String(JsonRecords.write(request), StandardCharsets.UTF_8));
                out.write('\n');
            }
        }
        return file;
    }

    private void batch(Path file) {
        var err = new StringWriter();
        int code = Main.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(err, true))
                .execute(arguments(file));
        if (code != 0) {
            throw new CommandException("the command batch failed: " + err);
        }
    }

    private String[] arguments(Path file) {
        var topics = pipeline.config().topics();
        return new String[] {"batch", file.toString(), "--out", file + ".out", "--bootstrap-servers",
            pipeline.connection().bootstrapServers(), "--schema-registry-url", pipeline.connection().registryUrl(),
            "--requests-topic", topics.requests(), "--results-topic", topics.results(), "--models-topic",
            topics.models()};
    }

    /// Starts the command in a process of its own, as a user does, which can be stopped before its job is done.
    private Process startJob(Path file) throws IOException {
        var line = JavaCommand.of(Main.class.getName())
                .with("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xlog:disable")
                .arguments(arguments(file)).line();
        return new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /// Sends requests one after the other, and returns the times in ms to the first committed token of each.
    ///
    /// @param job the process of a job that runs beside the requests, null for none; only requests during its life
    ///            count
    private double[] firstTokens(int count, @Nullable Process job) {
        say("first tokens of " + count + " requests " + (job == null ? "without a job" : "beside a job"));
        var times = new ArrayList<Double>();
        if (job != null) {
            results.skip();
            results.await(Math.max(1, lines / 4));      // the job has begun, and its process is warm
        }
        pipeline.skip();
        for (var request : requests(count)) {
            if (job != null && !job.isAlive()) {
                break;
            }
            times.add(firstToken(request));
        }
        return times.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private double firstToken(GenerationRequest request) {
        long begin = System.nanoTime();
        pipeline.send(request);
        var come = new long[2];      // when the first chunk and the last chunk came
        while (come[1] == 0) {
            pipeline.read(LOOK, chunk -> {
                if (chunk.getRequestId().equals(request.getId())) {
                    long now = System.nanoTime();
                    come[0] = come[0] == 0 ? now : come[0];
                    come[1] = chunk.getTerminal() ? now : 0;
                }
            });
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new CommandException("no answer was committed for two minutes");
            }
        }
        return (come[0] - begin) / 1e6;
    }

    private List<GenerationRequest> requests(int count) {
        round++;
        return IntStream.range(0, count).mapToObj(index -> GenerationRequest.newBuilder().setId(round + "-" + index)
                .setPromptIds(new Random(1_000_003L * round + index).ints(promptTokens, 0, vocabulary).boxed().toList())
                .setMaxTokens(generatedTokens).setIgnoreEos(true)
                .setSampling(Sampling.newBuilder().setTemperature(0f).build()).build()).toList();
    }

    private void say(String line) {
        narration.println(line);
        narration.flush();
    }

    @Override
    public void close() throws IOException {
        results.close();
        folder.close();
    }
}
