package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Compares the error of logits with that of llama.cpp on GGUF files of each type. The error is relative to the
/// reference backend, which computes in double with the weights as stored: the Euclidean norm of the difference over
/// that of the reference's logits. A softmax does not change if a number is added to all logits, so all logits are
/// taken less their mean.
///
/// Needs `-Dflover.llama-server=PROGRAM` and `-Dflover.random-types=FOLDER`, with files that
/// `benchmarks/model/random_types.py --shape small` writes. Writes the table of docs/evidence/cpu.md to
/// `target/llama-errors.md`.
class LlamaErrorsTest {
    private static final long SEED = 5;
    private static final int SETS = 4;
    /// The first token of the files' vocabulary that is neither a control token nor a byte.
    private static final int FIRST_TEXT = 259;
    private static final int[] LENGTHS = {1, 2, 4, 8, 16, 24, 32, 48, 64};
    /// Both programs round to 8 bits alike, so their errors scatter around the same mean.
    private static final double LARGEST_RATIO = 1.1;

    @TempDir
    private static Path temporary;

    private final List<String> table = new ArrayList<>(
            List.of("| | Flover | llama.cpp | ratio |", "|---|---|---|---|"));

    @TestFactory
    Stream<DynamicTest> theErrorOfLogitsIsNoLargerThanThatOfLlamaCpp() throws IOException {
        String program = System.getProperty("flover.llama-server", "");
        String folder = System.getProperty("flover.random-types", "");
        assumeTrue(!program.isEmpty() && !folder.isEmpty(),
                "needs -Dflover.llama-server=PROGRAM and -Dflover.random-types=FOLDER");
        List<Path> files;
        try (var all = Files.list(Path.of(folder))) {
            files = all.filter(file -> file.toString().endsWith(".gguf")).sorted().toList();
        }
        assertThat(files).as("GGUF files in " + folder).isNotEmpty();
        var tests = files.stream().map(file -> DynamicTest.dynamicTest(
                file.getFileName().toString(), () -> compare(Path.of(program), file)));
        return Stream.concat(tests, Stream.of(DynamicTest.dynamicTest("the table",
                () -> Files.write(Path.of("target", "llama-errors.md"), table))));
    }

    private void compare(Path program, Path file) throws IOException {
        var prompts = new ArrayList<int[]>();
        var log = temporary.resolve(file.getFileName() + ".log");
        try (var model = ModelLoader.open(file)) {
            var random = new Random(SEED);
            for (int set = 0; set < SETS; set++) {
                int[] tokens = random.ints(LENGTHS[LENGTHS.length - 1], FIRST_TEXT, model.config().vocabulary())
                        .toArray();
                for (int length : LENGTHS) {
                    prompts.add(Arrays.copyOf(tokens, length));
                }
            }
            var exact = logits(model, "reference", prompts);
            var own = logits(model, "cpu", prompts);
            var theirs = new ArrayList<float[]>();
            try (var server = LlamaServerProcess.start(program, file, log, List.of())) {
                for (int[] prompt : prompts) {
                    var answer = server.complete(
                            Arrays.stream(prompt).boxed().toList(), 1, model.config().vocabulary(), FIRST_TEXT);
                    theirs.add(logprobs(answer.at("/completion_probabilities/0/top_logprobs"),
                            model.config().vocabulary()));
                }
            }
            report(file, errors(exact, own), errors(exact, theirs));
        }
    }

    private void report(Path file, double[] own, double[] theirs) {
        double logRatio = 0;
        for (int i = 0; i < own.length; i++) {
            logRatio += Math.log(own[i] / theirs[i]) / own.length;
        }
        String name = file.getFileName().toString().replace(".gguf", "");
        table.add(String.format(Locale.ROOT, "| %s | %.1e | %.1e | %.2f |", name,
                Arrays.stream(own).average().orElseThrow(), Arrays.stream(theirs).average().orElseThrow(),
                Math.exp(logRatio)));
        assertThat(Math.exp(logRatio)).as("geometric mean of the ratio of errors, " + table.getLast())
                .isLessThan(LARGEST_RATIO);
    }

    private static double[] errors(List<float[]> exact, List<float[]> found) {
        var errors = new double[exact.size()];
        for (int i = 0; i < errors.length; i++) {
            double[] expected = centred(exact.get(i));
            double[] other = centred(found.get(i));
            double difference = 0;
            double norm = 0;
            for (int token = 0; token < expected.length; token++) {
                difference += (other[token] - expected[token]) * (other[token] - expected[token]);
                norm += expected[token] * expected[token];
            }
            errors[i] = Math.sqrt(difference / norm);
        }
        return errors;
    }

    private static double[] centred(float[] logits) {
        double mean = 0;
        for (float logit : logits) {
            mean += (double) logit / logits.length;
        }
        var centred = new double[logits.length];
        for (int i = 0; i < logits.length; i++) {
            centred[i] = logits[i] - mean;
        }
        return centred;
    }

    private static float[] logprobs(JsonNode tokens, int vocabulary) {
        assertThat(tokens).hasSize(vocabulary);
        var logprobs = new float[vocabulary];
        for (var token : tokens) {
            logprobs[token.get("id").intValue()] = token.get("logprob").floatValue();
        }
        return logprobs;
    }

    /// The logits after each prompt.
    private static List<float[]> logits(Model model, String name, List<int[]> prompts) {
        var found = new ArrayList<float[]>();
        var backend = reading(Backends.open(name, 1), model.config().vocabulary(), found::add);
        try (var engine = Engine.start(model, backend,
                EngineConfig.of(1, 64).with(c -> c.kvBlocks(64).blockTokens(4).stepsInFlight(1).prefixCaching(true)))) {
            for (int[] prompt : prompts) {
                engine.admit(SequenceRequest.of(prompt, SamplingParams.greedy(), 1, TokenSet.EMPTY));
                while (engine.step(new Nothing())) {
                    assertThat(found.size()).isLessThanOrEqualTo(prompts.size());
                }
            }
        }
        assertThat(found).hasSize(prompts.size());
        return found;
    }

    private record Nothing() implements TokenSink {
        @Override
        public void token(long sequence, int index, int id, float logprob, TopLogprobs alternatives) {}

        @Override
        public void finished(long sequence, FinishReason reason) {}
    }

    /// The backend, whose logits are handed on before a token is drawn from them.
    private static Backend reading(Backend backend, int vocabulary, Consumer<float[]> logits) {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (_, method, arguments) -> {
                    if (method.getName().equals("sample")) {
                        var row = new float[vocabulary];
                        backend.read((Backend.Tensor) arguments[0], row);
                        logits.accept(row);
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
