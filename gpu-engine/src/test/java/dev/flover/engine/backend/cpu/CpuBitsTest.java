package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.cpu.kernels.InstructionSet;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A generation can move between machines: all kernels give tokens and log-probabilities with the same bits.
class CpuBitsTest {
    private static final long SEED = 5;
    /// With this patience the owner takes away every tile that a worker still computes when the owner runs out of
    /// tiles.
    private static final long NO_PATIENCE = -1_000_000_000_000L;

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void wholeModelsGiveTheBitsOfTheVectorApi(InstructionSet instructions) {
        String name = "cpu-" + instructions.symbol();
        try {
            Backends.open(name, 1).close();
        } catch (IllegalArgumentException e) {
            Assumptions.abort(e.getMessage());
        }
        for (var model : List.of(TinyModels.llama(3, TensorType.Q8_0), TinyModels.llama(3, TensorType.BF16),
                TinyModels.gemma(4), TinyModels.gpt2(5))) {
            var bits = bits(model, "cpu-java", 3, Workers.PATIENCE_NANOS);
            assertThat(bits(model, name, 2, Workers.PATIENCE_NANOS)).as(model.config().architecture()).isEqualTo(bits);
            assertThat(bits(model, name, 3, NO_PATIENCE)).as(model.config().architecture()).isEqualTo(bits);
            assertThat(bits(model, "cpu-java", 3, NO_PATIENCE)).as(model.config().architecture()).isEqualTo(bits);
            assertThat(bits(model, Backends.open(name, 2, 2))).as("2 ranks of " + name).isEqualTo(bits);
        }
        var model = TinyModels.llama(3, TensorType.Q8_0);
        var bits = bits(model, bytes("cpu-java"));
        assertThat(bits(model, bytes(name))).as("keys and values in bytes").isEqualTo(bits);
        assertThat(bits).as("beside f16").isNotEqualTo(bits(model, Backends.open(name, 2)));
    }

    /// The name of the arithmetic decides whether a stored generation may continue on this backend. Models in bf16
    /// compute other bits than before, so they need a name of their own.
    @Test
    void weightsInBf16NumbersHaveAnArithmeticOfTheirOwn() {
        assertThat(arithmetic(TensorType.BF16, Backends.open("cpu", 1))).isEqualTo("cpu-3-bf16");
        assertThat(arithmetic(TensorType.BF16, Backends.open("cpu", 1, 2))).as("2 ranks").isEqualTo("cpu-3-bf16");
        assertThat(arithmetic(TensorType.BF16, Backends.withCacheOf(8, Backends.open("cpu", 1))))
                .isEqualTo("cpu-3-kv8-bf16");
        assertThat(arithmetic(TensorType.F16, Backends.open("cpu", 1))).isEqualTo("cpu-3");
    }

    private static String arithmetic(TensorType type, BackendGroup backend) {
        try (var engine = Engine.start(TinyModels.llama(3, type), backend, EngineConfig.of(4, 32))) {
            return engine.arithmetic();
        }
    }

    private static Backend bytes(String name) {
        var backend = Backends.withCacheOf(8, Backends.open(name, 2));
        assertThat(backend.arithmetic()).isEqualTo("cpu-3-kv8");
        return backend;
    }

    /// The bits of every token and log-probability of a few sequences.
    private static List<List<Integer>> bits(Model model, String backend, int threads, long patience) {
        return bits(model, CpuBackends.open(backend, threads, 0, patience));
    }

    private static List<List<Integer>> bits(Model model, BackendGroup backend) {
        var all = new ArrayList<List<Integer>>();
        var sampling = SamplingParams.sampled(0.9f, SEED)
                .withRepetitionPenalty(1.1f)
                .withTopP(0.95f)
                .withTopLogprobs(0);
        var random = new Random(SEED);
        try (var engine = Engine.start(model, backend, EngineConfig.of(4, 32).with(
                c -> c.prefillChunk(16).blockTokens(8).kvBlocks(64).stepsInFlight(1).prefixCaching(false)))) {
            for (int i = 0; i < 4; i++) {
                all.add(new ArrayList<>());
                int[] prompt = random.ints(5 + 9 * i, 0, TinyModels.VOCABULARY).toArray();
                engine.admit(SequenceRequest.of(prompt, sampling, 20, TokenSet.EMPTY));
            }
            var sink = new TokenSink() {
                @Override
                public void token(long sequence, int index, int id, float logprob, TopLogprobs alternatives) {
                    all.get((int) sequence - 1).add(id);
                    all.get((int) sequence - 1).add(Float.floatToRawIntBits(logprob));
                }

                @Override
                public void finished(long sequence, FinishReason reason) {
                    assertThat(reason).isEqualTo(FinishReason.LENGTH);
                }
            };
            while (engine.step(sink)) {
                // steps until the last sequence has ended
            }
        }
        assertThat(all).allSatisfy(tokens -> assertThat(tokens).hasSize(40));
        return all;
    }
}
