package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Draws tokens from a vocabulary that several blocks share.
class SamplingKernelsTest {
    private static final int VOCABULARY = 20_011;
    private static final int ROUNDS = 6;
    private static final long SEED = 3;

    private static SamplingParams rule(int topK, float topP, float minP, float typicalP) {
        return SamplingParams.sampled(0.8f, 5).withTopK(topK).withTopP(topP).withMinP(minP).withTypicalP(typicalP);
    }

    private static final SamplingParams[] FILTERS = {
        SamplingParams.greedy(), rule(0, 1, 0, 1), rule(40, 1, 0, 1), rule(0, 0.95f, 0, 1), rule(40, 0.95f, 0, 1),
        rule(1, 1, 0, 1), rule(19_000, 0.5f, 0, 1), rule(0, 0.3f, 0.02f, 1), rule(30, 0.9f, 0, 0.9f),
        rule(0, 1, 0, 1).withTopNSigma(1), rule(0, 0.95f, 0.01f, 0.9f).withTopNSigma(2.5f),
        rule(40, 1, 0, 1).withTopNSigma(0.5f).withAllowedOnly(TokenSet.of(IntStream.range(5, 900).toArray()))
    };

    /// Logits as a model produces them: many improbable tokens, and a few with much greater logits.
    @Test
    void aModelsLogitsGiveTheTokensOfTheReference() {
        var random = new Random(SEED);
        DoubleSupplier logits = () -> 2.5 * random.nextGaussian() + (random.nextInt(500) == 0 ? 8 : 0);

        compare(logits);
    }

    /// More tokens with the same power of two than the list of candidates has room for.
    @Test
    void nearlyEqualLogitsGiveTheTokensOfTheReference() {
        var random = new Random(SEED);

        compare(() -> random.nextInt(7) * 1e-3);
    }

    @Test
    void thresholdsAreFoundInFewAdditionsThatWaitForEachOther() {
        var random = new Random(SEED);
        try (var arena = Arena.ofShared()) {
            var backend = EmulatedBackends.open();
            var table = table(arena, () -> 2.5 * random.nextGaussian() + (random.nextInt(500) == 0 ? 8 : 0));
            var emulator = Emulator.instance().orElseThrow();
            emulator.wideAdditions();
            draw(backend, table);
            long perDraw = emulator.wideAdditions() / (ROUNDS * FILTERS.length);

            assertThat(perDraw).as("64-bit additions to shared memory a row").isLessThan(VOCABULARY / 10);
        }
    }

    private static void compare(DoubleSupplier logits) {
        try (var arena = Arena.ofShared()) {
            var table = table(arena, logits);
            int[][] expected = draw(new ReferenceBackend(), table);
            int[][] found = draw(EmulatedBackends.open(), table);

            assertThat(found).as("seed " + SEED).isDeepEqualTo(expected);
        }
    }

    private static StoredTensor table(Arena arena, DoubleSupplier logits) {
        var data = arena.allocate(4L * ROUNDS * VOCABULARY, 64);
        for (int i = 0; i < ROUNDS * VOCABULARY; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) logits.getAsDouble());
        }
        return new StoredTensor("logits", TensorType.F32, ROUNDS, VOCABULARY, data.asReadOnly());
    }

    /// The tokens drawn, by round and filter.
    private static int[][] draw(Backend backend, StoredTensor table) {
        int slots = FILTERS.length;
        var drawn = new int[ROUNDS][];
        try (backend) {
            var logits = backend.tensor(slots, VOCABULARY);
            var weight = backend.weight(Matrix.of(Role.EMBEDDING, table));
            var cache = backend.cache(BackendCacheShapeBuilder.builder().layers(1).heads(1).kvHeads(1).headDim(16)
                    .vocabulary(VOCABULARY).blocks(slots).blockTokens(16).slots(slots).contextLength(64).latent(0)
                    .build());
            var plan = new StepPlan(slots, slots);
            for (int round = 0; round < ROUNDS; round++) {
                plan.clear();
                for (int slot = 0; slot < slots; slot++) {
                    if (round == 0) {
                        plan.admit(new Admission(slot, new int[] {1}, 1, 0, FILTERS[slot], new int[0]));
                        plan.setBlock(slot, 0, slot);
                    }
                    plan.beginSlice(slot);
                    plan.addRow(round, round);
                    plan.sampleLastRow();
                }
                backend.begin(plan, cache);
                backend.embed(logits, weight, 1);
                backend.sample(logits, 0, cache);
                backend.end(plan);
                drawn[round] = Arrays.copyOf(plan.sampledTokens, slots);
            }
        }
        return drawn;
    }
}
