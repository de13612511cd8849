package dev.flover.engine.selftest;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Compares the tokens that the backend draws with those of the reference backend, from equal random logits and with
/// several sets of sampling parameters in the same steps.
final class DrawChecks {
    private final Supplier<Backend> backends;
    private final long seed;
    private final boolean full;
    private final Consumer<Check> report;

    DrawChecks(Supplier<Backend> backends, long seed, boolean full, Consumer<Check> report) {
        this.backends = backends;
        this.seed = seed;
        this.full = full;
        this.report = report;
    }

    void run() {
        int vocabulary = full ? 128256 : 9001; // several thread blocks for each row
        var bias = new LogitBias(new int[] {1, 5, 900}, new float[] {3, Float.NEGATIVE_INFINITY, 1.5f});
        var some = TokenSet.of(new Random(seed).ints(300, 0, vocabulary).toArray());
        var rules = new SamplingParams[] {
            SamplingParams.greedy(),
            SamplingParams.sampled(1, 5),
            SamplingParams.sampled(0.7f, 6).withTopK(40).withTopLogprobs(5),
            SamplingParams.sampled(1.3f, 7).withTopP(0.9f).withTopLogprobs(20).withLogitBias(bias).withMinTokens(4),
            SamplingParams.sampled(1, 8).with(s -> s.repetitionPenalty(1.3f).presencePenalty(0.5f)
                    .frequencyPenalty(0.2f).topK(50).topP(0.8f).minP(0.05f).logitBias(bias).allowedOnly(some)
                    .minTokens(4)),
            SamplingParams.greedy().with(s -> s.repetitionPenalty(1.1f).frequencyPenalty(0.3f).seed(9)
                    .topLogprobs(0).allowedOnly(some)),
            SamplingParams.sampled(1, 10).withMinP(0.1f),
            SamplingParams.sampled(0.9f, 11).withTypicalP(0.8f),
            SamplingParams.sampled(0.8f, 12).withTopNSigma(1)
        };
        int rounds = full ? 40 : 4;
        var reference = new int[rounds][];
        var found = new int[rounds][];
        sample(new ReferenceBackend(), rules, vocabulary, reference);
        sample(backends.get(), rules, vocabulary, found);
        int equal = 0;
        for (int i = 0; i < rounds; i++) {
            for (int j = 0; j < rules.length; j++) {
                equal += reference[i][j] == found[i][j] ? 1 : 0;
            }
        }
        report.accept(new Check("sampling from " + vocabulary + " tokens, " + rules.length + " sets of rules",
                equal == rounds * rules.length, equal + " of " + rounds * rules.length + " tokens equal"));
    }

    private void sample(Backend backend, SamplingParams[] rules, int vocabulary, int[][] drawn) {
        try (backend; var arena = Arena.ofShared()) {
            var tensors = new RandomTensors(seed, arena);
            int slots = rules.length;
            var cache = OperationChecks.cacheAfter(backend, tensors, TensorType.F32,
                    BackendCacheShapeBuilder.builder().layers(1).heads(1).kvHeads(1).headDim(16)
                            .vocabulary(vocabulary).blocks(slots).blockTokens(16).slots(slots).contextLength(64)
                            .latent(0).build());
            var logits = backend.tensor(slots, vocabulary);
            var gathered = backend.tensor(slots, vocabulary);
            var table = backend.weight(
                    Matrix.of(Role.EMBEDDING, tensors.matrix(TensorType.F32, 37, vocabulary, 3)));
            var plan = new StepPlan(slots, slots);
            for (int round = 0; round < drawn.length; round++) {
                plan.clear();
                for (int slot = 0; slot < slots; slot++) {
                    if (round == 0) {
                        plan.admit(new Admission(
                                slot, new int[] {3, 4, 3, 900, 1}, 3, 2, rules[slot], new int[] {8, 9}));
                        plan.setBlock(slot, 0, slot);
                    }
                    plan.beginSlice(slot);
                    plan.addRow((round * slots + slot) % 37, round);
                    plan.sampleLastRow();
                }
                backend.begin(plan, cache);
                backend.embed(logits, table, 1);
                backend.gatherSampling(gathered, logits);
                backend.sample(gathered, round % 2 == 0 ? 0 : 9, cache);
                backend.end(plan);
                drawn[round] = Arrays.copyOf(plan.sampledTokens, slots);
            }
        }
    }
}
