package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.TestData;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.PromptLogprobs;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// Keys and values in 8 bits, on a published model.
class ByteCacheTest {
    private static final int TOKENS = 100;

    @Test
    void theErrorOfKeysAndValuesInBytesIsSmall() throws IOException {
        double[] exact = logprobs(Backends.open("reference", 0));
        double bytes = meanDifference(exact, logprobs(Backends.withCacheOf(8, Backends.open("cpu", 2))));
        double halves = meanDifference(exact, logprobs(Backends.open("cpu", 2)));

        // rounding to 1/254 of the greatest number of a head, beside rounding to 11 bits of each number
        System.out.println("mean error of a log-probability: " + bytes + " in bytes, " + halves + " in f16");
        assertThat(bytes).isLessThan(0.03);
        assertThat(halves).isLessThan(bytes);
    }

    @Test
    void otherBackendsAndFormatsAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Backends.withCacheOf(8, Backends.open("reference", 0)))
                .withMessageContaining("needs the backend cpu");
        assertThatIllegalArgumentException().isThrownBy(() -> Backends.withCacheOf(12, Backends.open("cpu", 1)))
                .withMessageContaining("8 or 16 bits, found 12");
    }

    private static double meanDifference(double[] exact, double[] found) {
        double sum = 0;
        for (int i = 0; i < exact.length; i++) {
            sum += Math.abs(exact[i] - found[i]);
        }
        return sum / exact.length;
    }

    /// The log-probabilities of the tokens of a story that the model itself wrote.
    private static double[] logprobs(Backend backend) throws IOException {
        var logprobs = new double[TOKENS];
        int[] story = story();
        try (var model = ModelLoader.open(TestData.of("stories260K").resolve("stories260K-F16.gguf"));
                var engine = Engine.start(model, backend, EngineConfig.of(1, TOKENS + 8).withKvBlocks(16))) {
            engine.admit(SequenceRequest.of(story, SamplingParams.greedy(), 1, TokenSet.EMPTY)
                    .withPromptLogprobs(new PromptLogprobs(1, 0)));
            var sink = new TokenSink() {
                @Override
                public void promptToken(long sequence, int position, int id, float logprob, TopLogprobs alternatives) {
                    logprobs[position - 1] = logprob;
                }

                @Override
                public void token(long sequence, int index, int id, float logprob, TopLogprobs alternatives) {}

                @Override
                public void finished(long sequence, FinishReason reason) {}
            };
            while (engine.step(sink)) {
                // until the sequence has ended
            }
        }
        return logprobs;
    }

    private static int[] story() throws IOException {
        var cases = new com.fasterxml.jackson.databind.ObjectMapper()
                .readTree(TestData.of("stories260K").resolve("reference_greedy.json").toFile()).get("cases");
        int[] ids = new int[TOKENS + 1];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = cases.get(0).get("token_ids_with_bos").get(i).intValue();
        }
        return ids;
    }
}
