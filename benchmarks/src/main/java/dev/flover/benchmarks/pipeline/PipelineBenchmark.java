package dev.flover.benchmarks.pipeline;

import dev.flover.app.embedded.EmbeddedBroker;
import dev.flover.app.embedded.EmbeddedRegistry;
import dev.flover.engine.Engine;
import dev.flover.engine.EngineConfig;
import dev.flover.engine.FinishReason;
import dev.flover.engine.SequenceRequest;
import dev.flover.engine.TokenSink;
import dev.flover.engine.TopLogprobs;
import dev.flover.engine.backend.Backends;
import dev.flover.engine.format.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.topology.Pipeline;
import dev.flover.topology.PipelineConfig;
import dev.flover.topology.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/// Tokens a second through topics over the bare engine's, and the time from a request to its first committed token.
///
/// ```
///   PipelineBenchmark MODEL [BACKEND [SEQUENCES [TOKENS [ROUNDS]]]]
/// ```
public final class PipelineBenchmark {
    private static final String PROMPT = "The old house stood";
    private static final int PARTITIONS = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Model model;
    private final String backend;
    private final Size size;
    private final PrintStream out;

    /// @param sequences generations at the same time
    /// @param tokens    of each
    /// @param rounds    of both, in turn
    /// @param lone      requests sent one after the other, for the time to the first token
    record Size(int sequences, int tokens, int rounds, int lone) {}

    PipelineBenchmark(Model model, String backend, Size size, PrintStream out) {
        this.model = model;
        this.backend = backend;
        this.size = size;
        this.out = out;
    }

    public static void main(String[] arguments) {
        if (arguments.length == 0) {
            System.err.println("expected: MODEL [BACKEND [SEQUENCES [TOKENS [ROUNDS]]]]");
            System.exit(2);
        }
        String backend = arguments.length > 1 ? arguments[1] : "cpu";
        var size = new Size(number(arguments, 2, 32), number(arguments, 3, 128), number(arguments, 4, 3), 50);
        try (var model = ModelLoader.open(Path.of(arguments[0]))) {
            new PipelineBenchmark(model, backend, size, System.out).run();
        }
    }

    private static int number(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }

    void run() {
        var folder = temporaryFolder();
        try (var broker = EmbeddedBroker.start(folder.resolve("broker"));
                var registry = EmbeddedRegistry.start(folder.resolve("registry"))) {
            var config = PipelineConfig.of(
                    "benchmark", broker.bootstrapServers(), registry.url(), folder.resolve("state"), "benchmark");
            try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                new Topics(admin, config.topics()).create(PARTITIONS, (short) 1, Duration.ofHours(1));
            }
            measure(config);
        } finally {
            delete(folder);
        }
    }

    private void measure(PipelineConfig config) {
        var bare = new ArrayList<Double>();
        var topics = new ArrayList<Double>();
        try (var traffic = new Traffic(config);
                var pipeline = Pipeline.start(config, model, engine(), engineConfig(), new SimpleMeterRegistry())) {
            if (!ready(pipeline)) {
                throw new IllegalStateException("the pipeline did not start: " + pipeline.health());
            }
            for (int round = 0; round <= size.rounds(); round++) {
                double without = bareTokensPerSecond();
                double with = traffic.tokensPerSecond(size.sequences(), PROMPT, size.tokens(), PATIENCE);
                if (round > 0) {        // the first warms up
                    bare.add(without);
                    topics.add(with);
                }
            }
            var firstTokens = traffic.firstTokensMs(size.lone(), PROMPT, PATIENCE);
            report(bare, topics, firstTokens);
        }
    }

    private static boolean ready(Pipeline pipeline) {
        try {
            return pipeline.awaitReady(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void report(List<Double> bare, List<Double> topics, double[] firstTokens) {
        Arrays.sort(firstTokens);
        double engine = median(bare);
        double kafka = median(topics);
        out.printf("%s, %s, %d sequences of %d tokens, %d partitions, median of %d rounds%n", model.path().getFileName(),
                backend, size.sequences(), size.tokens(), PARTITIONS, size.rounds());
        out.printf("bare engine      %8.0f tokens/s%n", engine);
        out.printf("through topics   %8.0f tokens/s, %.0f %% of the bare engine%n", kafka, 100 * kafka / engine);
        out.printf("request to first committed token, alone: p50 %.0f ms, p90 %.0f ms%n",
                firstTokens[firstTokens.length / 2], firstTokens[firstTokens.length * 9 / 10]);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private double bareTokensPerSecond() {
        try (var engine = engine()) {
            int[] prompt = model.tokenizer().encodePrompt(PROMPT);
            for (int i = 0; i < size.sequences(); i++) {
                engine.admit(SequenceRequest.of(prompt, SamplingParams.sampled(1, i), size.tokens(), TokenSet.EMPTY));
            }
            var counter = new TokenCounter();
            long begin = System.nanoTime();
            while (engine.step(counter)) {
                // until every sequence has ended
            }
            return counter.tokens * 1e9 / (System.nanoTime() - begin);
        }
    }

    private static final class TokenCounter implements TokenSink {
        long tokens;

        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            tokens++;
        }

        @Override
        public void finished(long sequence, FinishReason reason) {}
    }

    private Engine engine() {
        return Engine.start(model, Backends.open(backend, 0), engineConfig());
    }

    private EngineConfig engineConfig() {
        int blocks = size.sequences() * (model.config().contextLength() / 16 + 1);
        return new EngineConfig(size.sequences(), Math.max(128, size.sequences()), 64, 16, blocks, 2, true);
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("flover-benchmark");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
