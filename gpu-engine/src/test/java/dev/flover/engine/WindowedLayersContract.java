package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.forward.Transformer;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Guarantees of every backend for a model in which only some layers have a window: sequences whose windows have passed
/// hundreds of positions, so that their blocks have been given to others, get the tokens that a cache with one block
/// table and a block for every position gives.
public abstract class WindowedLayersContract {
    private static final int CONTEXT = 512;
    private static final int TOKENS = 24;
    private static final int BLOCK = 8;
    private static final EngineConfig FUSED = EngineConfig.of(2, 40).withPrefillChunk(32).withBlockTokens(BLOCK);

    private static final Model MODEL = TinyModels.withContext(TinyModels.llama(12, TensorType.Q8_0), CONTEXT);

    private final List<int[]> prompts = prompts();

    protected abstract Backend open();

    @Test
    void blocksThatWindowsHavePassedAreReusedAndChangeNoToken() {
        var expected = withOneTable();
        var generations = new ArrayList<List<Integer>>();
        var status = fused(FUSED.withKvBlocks(130), generations);
        assertThat(generations).isEqualTo(expected);
        assertThat(status.prefixHits()).as("positions taken from another sequence").isGreaterThan(256);
        assertThat(status.preemptions()).isZero();

        generations.clear();
        status = fused(FUSED.withKvBlocks(48).withStepsInFlight(1).withPrefixCaching(false), generations);
        assertThat(generations).isEqualTo(expected);
        assertThat(status.leak()).isNull();
    }

    /// Four prompts, of which the second and third begin with the first one.
    private static List<int[]> prompts() {
        var random = new Random(5);
        int[] first = random.ints(310, 0, TinyModels.VOCABULARY).toArray();
        return List.of(first, Arrays.copyOf(first, 330), Arrays.copyOf(first, 360),
                random.ints(270, 0, TinyModels.VOCABULARY).toArray());
    }

    private EngineStatus fused(EngineConfig config, List<List<Integer>> tokens) {
        var generations = new Generations();
        var ids = new ArrayList<Long>();
        try (var engine = Engine.start(MODEL, open(), config)) {
            for (int[] prompt : prompts) {
                var request = SequenceRequest.of(prompt, SamplingParams.greedy(), TOKENS, TokenSet.EMPTY);
                ids.add(engine.admit(request));
                generations.expect(ids.getLast(), request);
            }
            while (engine.step(generations)) {
                // until all sequences have ended
            }
            ids.forEach(id -> tokens.add(generations.outcome(id).tokens()));
            return engine.status();
        }
    }

    private List<List<Integer>> withOneTable() {
        var config = MODEL.config();
        try (var backend = open()) {
            var transformer = new Transformer(MODEL, backend, 1, CONTEXT, () -> BackendCacheShapeBuilder.builder()
                    .layers(config.layers().size()).heads(config.heads()).kvHeads(config.kvHeads())
                    .headDim(config.headDim()).vocabulary(config.vocabulary()).blocks(CONTEXT / BLOCK)
                    .blockTokens(BLOCK).slots(1).contextLength(CONTEXT).latent(0).build(), (layers, all) -> { });
            return prompts.stream().map(prompt -> answer(transformer, prompt)).toList();
        }
    }

    private static List<Integer> answer(Transformer transformer, int[] prompt) {
        var plan = new StepPlan(CONTEXT, 1);
        plan.admit(new Admission(0, prompt, prompt.length, 0, SamplingParams.greedy(), new int[0]));
        for (int i = 0; i < CONTEXT / BLOCK; i++) {
            plan.setBlock(0, i, i);
        }
        plan.beginSlice(0);
        for (int position = 0; position < prompt.length; position++) {
            plan.addRow(prompt[position], position);
        }
        var tokens = new ArrayList<Integer>();
        while (tokens.size() < TOKENS) {
            plan.sampleLastRow();
            transformer.launch(plan);
            transformer.finish(plan);
            tokens.add(plan.sampledTokens[0]);
            plan.clear();
            plan.beginSlice(0);
            plan.addRow(StepPlan.NEWEST, prompt.length + tokens.size() - 1);
        }
        return tokens;
    }
}
