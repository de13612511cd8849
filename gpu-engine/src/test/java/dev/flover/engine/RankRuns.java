package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.Weights;
import dev.flover.engine.model.WeightsExpertsBuilder;
import dev.flover.engine.model.WeightsLayerBuilder;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Models and prompts for tests that compare the tokens and logprobs of several ranks with those of one rank, bit by
/// bit.
public final class RankRuns {
    private RankRuns() {}

    /// The same model with products in as many shards as its widths can be divided into, although the loader makes
    /// shards of at least 32 columns: so that models as narrow as these run on more ranks. The order of additions
    /// is then another, on one rank too.
    public static Model withMoreShards(Model model) {
        var old = model.weights();
        int byHeads = Math.min(8, Integer.lowestOneBit(model.config().heads()));
        var layers = old.layers().stream().map(layer -> WeightsLayerBuilder.builder(layer)
                .attentionOut(layer.attentionOut().withShards(byHeads))
                .feedForwardOut(layer.feedForwardOut() == null ? null : inMoreShards(layer.feedForwardOut()))
                .experts(layer.experts() == null ? null : inMoreShards(layer.experts())).build()).toList();
        return model.withWeights(new Weights(
                old.embedding(), old.positions(), layers, old.finalNorm(), old.head(), old.headBias()));
    }

    private static Weights.Experts inMoreShards(Weights.Experts old) {
        var shared = old.shared();
        return WeightsExpertsBuilder.builder(old).out(old.out().stream().map(RankRuns::inMoreShards).toList())
                .shared(shared == null ? null
                        : new Weights.SharedExpert(shared.in(), inMoreShards(shared.out()), shared.gate())).build();
    }

    private static Matrix inMoreShards(Matrix old) {
        return old.withShards(Math.min(8, Integer.lowestOneBit(old.inputs())));
    }

    /// The tokens and logprobs of some requests, which join a running batch one after another, share prefixes, and are
    /// preempted.
    ///
    /// @param config with so few blocks that sequences are preempted
    public static List<?> outcomes(
            Model model, BackendGroup backend, EngineConfig config, List<SequenceRequest> requests) {
        var generations = new Generations();
        var ids = new ArrayList<Long>();
        try (var engine = Engine.start(model, backend, config)) {
            for (boolean more = true; more || ids.size() < requests.size(); ) {
                if (ids.size() < requests.size()) {
                    var request = requests.get(ids.size());
                    ids.add(engine.admit(request));
                    generations.expect(ids.getLast(), request);
                }
                more = engine.step(generations);
            }
            assertThat(engine.status().preemptions()).as("preemptions").isPositive();
            assertThat(engine.status().prefixHits()).as("shared prefixes").isPositive();
        }
        return ids.stream().map(generations::outcome).toList();
    }

    /// Sampled and greedy requests, each second with the same beginning.
    ///
    /// @param tokens the length of the first answer; each further one is longer by one
    public static List<SequenceRequest> requests(int vocabulary, int count, int tokens) {
        var random = new Random(5);
        int[] shared = random.ints(13, 0, vocabulary).toArray();
        var requests = new ArrayList<SequenceRequest>();
        for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(15 + i, 0, vocabulary).toArray();
            if (i % 2 == 0) {
                System.arraycopy(shared, 0, prompt, 0, shared.length);
            }
            var sampling = i % 3 == 0 ? SamplingParams.greedy() : SamplingParams.sampled(0.9f, i)
                    .withTopP(0.9f).withRepetitionPenalty(1.1f);
            requests.add(SequenceRequest.of(prompt, sampling.withTopLogprobs(2), tokens + i, TokenSet.EMPTY));
        }
        return requests;
    }
}
