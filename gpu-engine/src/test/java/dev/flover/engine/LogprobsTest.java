package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.PromptLogprobs;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares the reported logprobs, of answer and prompt, with the log-softmax of the reference backend's logits, in
/// double.
class LogprobsTest {
    private static final double TOLERANCE = 1e-5;

    /// The tolerance for logits that were summed in f32: logits of up to 16, and a few dozen roundings of 2^-20 each.
    private static final double FLOAT_TOLERANCE = 5e-5;

    private static final int[] PROMPT = new Random(6).ints(30, 0, TinyModels.VOCABULARY).toArray();

    static Stream<Named<String>> backends() {
        return Stream.of("reference", "cpu", "cpu-java").map(name -> Named.of(name, name));
    }

    /// The reported alternatives, by position in the prompt and the answer, and the drawn tokens.
    private static final class Reported implements TokenSink {
        private final Map<Integer, Map<Integer, Float>> logprobs = new HashMap<>();
        private final List<Integer> tokens = new ArrayList<>();

        @Override
        public void promptToken(long sequence, int position, int tokenId, float logprob, TopLogprobs alternatives) {
            add(position, tokenId, logprob, alternatives);
        }

        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            tokens.add(tokenId);
            add(PROMPT.length + index, tokenId, logprob, alternatives);
        }

        private void add(int position, int tokenId, float logprob, TopLogprobs alternatives) {
            var all = new HashMap<Integer, Float>();
            for (int rank = 0; rank < alternatives.count(); rank++) {
                all.put(alternatives.token(rank), alternatives.logprob(rank));
            }
            all.put(tokenId, logprob);
            logprobs.put(position, all);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            assertThat(reason).isEqualTo(FinishReason.LENGTH);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void areTheLogSoftmaxOfTheReferencesLogits(String name) {
        try (var model = TinyModels.llama(11, TensorType.F32)) {
            var logits = new HashMap<Integer, double[]>();
            var expected = run(model, capturing(new ReferenceBackend(), logits));
            var found = run(model, Backends.open(name, 2));
            double tolerance = name.equals("reference") ? TOLERANCE : FLOAT_TOLERANCE;
            assertThat(found.tokens).isEqualTo(expected.tokens).hasSize(12);
            assertThat(found.logprobs).hasSize(PROMPT.length - 1 + 12);
            found.logprobs.forEach((position, tokens) -> {
                assertThat(tokens).hasSizeGreaterThanOrEqualTo(5);
                tokens.forEach((token, logprob) -> assertThat((double) logprob)
                        .as("token %d at %d", token, position)
                        .isCloseTo(logSoftmax(logits.get(position), token), within(tolerance)));
            });
        }
    }

    private static double logSoftmax(double[] logits, int token) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - logits[token]);
        }
        return -Math.log(sum);
    }

    /// Runs with penalties, a bias and a temperature, none of which may affect the reported logprobs.
    private static Reported run(Model model, Backend backend) {
        var sampling = SamplingParams.sampled(0.7f, 3).with(s -> s.repetitionPenalty(1.2f).presencePenalty(0.5f)
                .frequencyPenalty(0.5f).topK(20).topP(0.9f).topLogprobs(5)
                .logitBias(new LogitBias(new int[] {4}, new float[] {1})));
        var reported = new Reported();
        try (var engine = Engine.start(model, backend, EngineConfig.of(2, 16).withPrefillChunk(8).withBlockTokens(8)
                .withKvBlocks(40))) {
            engine.admit(SequenceRequest.of(PROMPT, sampling, 12, TokenSet.EMPTY)
                    .withPromptLogprobs(new PromptLogprobs(1, 5)));
            while (engine.step(reported)) {
                // one sequence, with prefill chunks of eight positions
            }
        }
        return reported;
    }

    /// Wraps a backend so that its logits are captured.
    ///
    /// @param logits receives the logits of each sampling row, by the position that they predict
    private static Backend capturing(Backend backend, Map<Integer, double[]> logits) {
        var plan = new StepPlan[1];
        return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("begin")) {
                        plan[0] = (StepPlan) arguments[0];
                    }
                    if (method.getName().equals("sample")) {
                        capture(backend, (Backend.Tensor) arguments[0], plan[0], logits);
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static void capture(
            Backend backend, Backend.Tensor tensor, StepPlan plan, Map<Integer, double[]> logits) {
        var values = new float[plan.samples() * tensor.columns()];
        backend.read(tensor, values);
        for (int sample = 0; sample < plan.samples(); sample++) {
            var row = new double[tensor.columns()];
            for (int i = 0; i < row.length; i++) {
                row[i] = values[sample * row.length + i];
            }
            logits.put(plan.positions[plan.sampleRows[sample]] + 1, row);
        }
    }
}
