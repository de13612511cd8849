package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.loading.GgufWriter;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.loading.TinyLlama;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Guarantees of every backend for a model with other rotary frequencies in long sequences (LongRoPE): each token
/// equals the token that a new sequence of the same length gets, even if the sequence was short when it began.
public abstract class LongSequencesContract {
    private static final int BEYOND = 40;
    private static final EngineConfig FUSED = EngineConfig.of(4, 16)
            .withPrefillChunk(8)
            .withBlockTokens(8)
            .withKvBlocks(64);

    @TempDir
    Path folder;

    protected abstract Backend open();

    @Test
    void aTokenDependsOnTheTextBeforeItAloneAlsoWhereTheTextBecomesLong() {
        var prompts = List.of(ids(3, 1), ids(BEYOND - 9, 2), ids(BEYOND, 3), ids(BEYOND + 5, 4));
        try (var model = ModelLoader.open(file())) {
            var answers = answers(model, FUSED, prompts, 48);

            for (int i = 0; i < prompts.size(); i++) {
                assertThat(answers.get(i)).as("prompt of " + prompts.get(i).length).hasSize(48);
                for (int index : new int[] {0, 8, 9, 10, 36, 37, 38, 47}) {
                    int[] text = IntStream.concat(IntStream.of(prompts.get(i)),
                            answers.get(i).stream().limit(index).mapToInt(Integer::intValue)).toArray();
                    assertThat(answers(model, EngineConfig.of(1, 8).with(c -> c.blockTokens(8).kvBlocks(64)
                            .stepsInFlight(1).prefixCaching(false)), List.of(text), 1).getFirst())
                            .as("token " + index + " after a prompt of " + prompts.get(i).length)
                            .containsExactly(answers.get(i).get(index));
                }
            }
            // With short divisors for all lengths, the same prompts give other answers; so the long divisors were used.
            try (var shorter = ModelLoader.open(file(BEYOND * 4))) {
                assertThat(answers(shorter, FUSED, prompts, 48)).isNotEqualTo(answers);
            }
        }
    }

    private Path file() {
        return file(BEYOND);
    }

    private Path file(int beyond) {
        GgufWriter writer = TinyLlama.of(TensorType.F32, 7).withoutTokenizer()
                .put("llama.rope.scaling.type", "longrope")
                .put("llama.rope.scaling.original_context_length", beyond)
                .put("llama.rope.scaling.attn_factor", 1.1f)
                .tensor("rope_factors_short.weight", TensorType.F32, new float[] {1, 1, 1, 1, 1, 1.2f, 1.3f, 1.4f}, 8)
                .tensor("rope_factors_long.weight", TensorType.F32, new float[] {3, 4, 5, 6, 7, 8, 9, 10}, 8);
        return writer.write(folder.resolve("long-" + beyond + ".gguf"));
    }

    private static int[] ids(int count, int seed) {
        return new Random(seed).ints(count, 0, TinyLlama.VOCABULARY).toArray();
    }

    private List<List<Integer>> answers(Model model, EngineConfig config, List<int[]> prompts, int tokens) {
        Map<Long, List<Integer>> answers = new HashMap<>();
        var order = new ArrayList<Long>();
        var sink = new TokenSink() {
            @Override
            public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
                answers.computeIfAbsent(sequence, _ -> new ArrayList<>()).add(tokenId);
            }

            @Override
            public void finished(long sequence, FinishReason reason) {
                assertThat(reason).isEqualTo(FinishReason.LENGTH);
            }
        };
        try (var engine = Engine.start(model, open(), config)) {
            for (int[] prompt : prompts) {
                order.add(engine.admit(SequenceRequest.of(
                        prompt, SamplingParams.greedy(), tokens, TokenSet.EMPTY)));
            }
            while (engine.step(sink)) {
                // until all sequences have ended
            }
        }
        return order.stream().map(answers::get).toList();
    }
}
