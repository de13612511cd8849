package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs a published model that writes small stories: every backend must write the same ones as the model's original C
/// implementation.
///
/// The test of a backend extends this class and opens the backend.
public abstract class StoriesContract {
    private static final EngineConfig CONFIG = EngineConfig.of(8, 64).withPrefillChunk(32).withKvBlocks(128);

    protected abstract BackendGroup open();

    @Test
    void float32GivesEveryTokenOfTheReference() throws IOException {
        var folder = TestData.of("stories260K");
        var cases = new ObjectMapper().readTree(folder.resolve("reference_greedy.json").toFile()).get("cases");
        assertThat(cases).isNotEmpty();
        var generations = new Generations();
        long first = 0;
        try (var model = ModelLoader.open(folder.resolve("stories260K-F32.gguf"));
                var engine = Engine.start(model, open(), CONFIG)) {
            for (var reference : cases) {
                int[] argmax = ints(reference.get("argmax_ids"));
                int[] ids = ints(reference.get("token_ids_with_bos"));
                int[] prompt = Arrays.copyOf(ids, promptLength(ids, argmax));
                var request = SequenceRequest.of(
                        prompt, SamplingParams.greedy(), argmax.length - prompt.length + 1, TokenSet.EMPTY);
                long id = engine.admit(request);
                first = first == 0 ? id : first;
                generations.expect(id, request);
            }
            while (engine.step(generations)) {
                // each step is one fused pass over all cases
            }
        }
        for (int i = 0; i < cases.size(); i++) {
            int[] argmax = ints(cases.get(i).get("argmax_ids"));
            int[] tokens = generations.outcome(first + i).tokenIds();
            assertThat(tokens).as("after " + cases.get(i).get("prompt"))
                    .isEqualTo(Arrays.copyOfRange(argmax, argmax.length - tokens.length, argmax.length));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260K-F16.gguf", "stories260K-pad192-Q8_0.gguf"})
    void otherTypesTellTheFirstStoryAlike(String file) {
        var folder = TestData.of("stories260K");
        assertThat(onceUponATime(folder.resolve(file)))
                .isEqualTo(onceUponATime(folder.resolve("stories260K-F32.gguf")))
                .hasSize(60);
    }

    private int[] onceUponATime(Path file) {
        var request = SequenceRequest.of(
                new int[] {1, 403, 407, 261, 378}, SamplingParams.greedy(), 60, TokenSet.EMPTY);
        var generations = new Generations();
        try (var model = ModelLoader.open(file);
                var engine = Engine.start(model, open(), CONFIG)) {
            long id = engine.admit(request);
            generations.expect(id, request);
            while (engine.step(generations)) {
                // until the sequence has ended
            }
            return generations.outcome(id).tokenIds();
        }
    }

    /// The length of the prompt at the beginning of the ids. After the prompt, each id is the one with the greatest
    /// logit after the id before it.
    private static int promptLength(int[] ids, int[] argmax) {
        int length = ids.length;
        while (length > 1 && ids[length - 1] == argmax[length - 2]) {
            length--;
        }
        return length;
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }
}
