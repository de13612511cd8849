package dev.flover.topology.generation;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Draws answers under constraints with a model of random weights, which tries everything that a constraint allows.
final class Drawn {
    private static final int SLOTS = 32;
    private static final int MOST_TOKENS = 380;

    private Drawn() {}

    /// For each constraint, answers that ended by themselves rather than at the limit of tokens.
    static List<List<String>> answers(List<ConstraintSource> sources, int each) {
        var answers = new ArrayList<List<String>>();
        try (var model = TinyEngine.model();
                var engine = Engine.start(model, Backends.open("cpu", 1),
                        EngineConfig.of(SLOTS, 64).withPrefillChunk(16).withKvBlocks(SLOTS * 32))) {
            var compiler = new ConstraintCompiler(new ByteTokenizer());
            for (var source : sources) {
                answers.add(answers(model, engine, compiler, source, each));
            }
        }
        return answers;
    }

    private static List<String> answers(
            Model model, Engine engine, ConstraintCompiler compiler, ConstraintSource source, int each) {
        var constraint = compiler.compile(source);
        var sink = new Texts();
        for (long seed = 0; sink.whole.size() < each; seed++) {
            if (seed >= 20L * each) {
                throw new AssertionError("of " + seed + " answers only " + sink.whole.size() + " ended by themselves: "
                        + source);
            }
            engine.admit(SequenceRequest.of(new int[] {(int) (seed % 200) + 1, 2},
                    SamplingParams.sampled(1, seed), MOST_TOKENS, TokenSet.of(ByteTokenizer.END_OF_TEXT))
                    .withConstraint(constraint));
            if (seed % SLOTS == SLOTS - 1) {
                run(engine, sink);
            }
        }
        return sink.whole.subList(0, each);
    }

    private static void run(Engine engine, Texts sink) {
        while (engine.step(sink)) {
            // until all sequences have ended
        }
    }

    private static final class Texts implements TokenSink {
        private final Map<Long, ByteArrayOutputStream> texts = new HashMap<>();
        private final List<String> whole = new ArrayList<>();

        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            if (tokenId != ByteTokenizer.END_OF_TEXT) {
                texts.computeIfAbsent(sequence, id -> new ByteArrayOutputStream()).write(tokenId);
            }
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            if (reason == FinishReason.STOP) {
                whole.add(texts.get(sequence).toString(StandardCharsets.UTF_8));
            } else if (reason != FinishReason.LENGTH) {
                throw new AssertionError(reason);
            }
            texts.remove(sequence);
        }
    }
}
