package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.loading.GgufConversion;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Every backend must compute, for every model family, the tokens and logits of the family's original implementation.
///
/// The test of a backend extends this class and opens the backend.
public abstract class FamilyContract {
    /// The tolerance for logits; the reference prints six digits after the point.
    private static final double LOGIT_TOLERANCE = 1e-3;
    private static final int TOP = 20;
    private static final EngineConfig CONFIG = EngineConfig.of(8, 64)
            .withPrefillChunk(32)
            .withKvBlocks(128)
            .withPrefixCaching(false);

    protected abstract Backend open();

    /// The most tokens of each answer that are compared.
    protected int mostTokens() {
        return Integer.MAX_VALUE;
    }

    /// Whether to test the same weights as a GGUF file, too. A slow backend can skip this, since both files give it the
    /// same weights.
    protected boolean alsoFromGguf() {
        return true;
    }

    /// The folders of the models, each with its `reference.json`.
    protected List<Path> folders() {
        var folders = RandomFamilies.folders().stream().filter(GgufConversion::isKnown).toList();
        assertThat(folders).hasSizeGreaterThan(30);
        return folders;
    }

    @TestFactory
    Stream<DynamicTest> eachFamilyGivesTheTokensAndLogitsOfItsOwnImplementation() {
        return folders().stream().map(folder -> DynamicTest.dynamicTest(
                name(folder), () -> answersAsTheReference(folder, folder)));
    }

    @TestFactory
    Stream<DynamicTest> andTheSameFromGguf(@TempDir Path temporary) {
        return folders().stream().filter(folder -> alsoFromGguf()).filter(GgufConversion::exists).map(folder -> {
            var file = temporary.resolve(name(folder).replace('/', '-') + ".gguf");
            return DynamicTest.dynamicTest(
                    name(folder), () -> answersAsTheReference(folder, GgufConversion.convert(folder, file)));
        });
    }

    /// The name of a model and of the folder that holds it, because several weights of a family may be tested.
    private static String name(Path folder) {
        return folder.toAbsolutePath().normalize().getParent().getFileName() + "/" + folder.getFileName();
    }

    private void answersAsTheReference(Path folder, Path opened) throws IOException {
        var cases = new ObjectMapper().readTree(folder.resolve("reference.json").toFile()).get("cases");
        var answers = new Answers();
        try (var model = ModelLoader.open(opened);
                var engine = Engine.start(model, open(), CONFIG)) {
            for (var reference : cases) {
                answers.begin(engine.admit(request(reference, mostTokens())));
            }
            while (engine.step(answers)) {
                // each step is one fused pass over all cases
            }
            answers.begin(engine.admit(request(cases.get(cases.size() - 1), mostTokens())));
            while (engine.step(answers)) {
                // the last case once more, alone
            }
        }
        assertSameBits(folder, answers, cases.size() - 1, cases.size());
        for (int i = 0; i < cases.size(); i++) {
            String of = folder.getFileName() + ", prompt of " + cases.get(i).get("prompt").size() + " tokens";
            assertThat(answers.tokens(i)).as("greedy tokens of " + of)
                    .isEqualTo(first(ints(cases.get(i).get("greedy")), mostTokens()));
            assertSameLogits(of, cases.get(i).get("first_logits_top20"), answers.first(i));
        }
    }

    private static void assertSameBits(Path folder, Answers answers, int fused, int alone) {
        assertThat(answers.tokens(alone)).as("tokens of " + folder.getFileName() + " alone")
                .isEqualTo(answers.tokens(fused));
        assertThat(answers.first(alone)).as("logits of " + folder.getFileName() + " alone")
                .isEqualTo(answers.first(fused));
    }

    private static int[] first(int[] tokens, int most) {
        return Arrays.copyOf(tokens, Math.min(tokens.length, most));
    }

    private static SequenceRequest request(JsonNode reference, int mostTokens) {
        var sampling = SamplingParams.greedy().withTopLogprobs(TOP);
        return SequenceRequest.of(
                ints(reference.get("prompt")), sampling,
                Math.min(reference.get("greedy").size(), mostTokens), TokenSet.EMPTY);
    }

    /// Compares logits through logprobs: the engine reports the logits minus a number that is the same for all tokens.
    private static void assertSameLogits(String of, JsonNode expected, Map<Integer, Float> logprobs) {
        int[] ids = ints(expected.get("ids"));
        double shared = expected.get("logits").get(0).doubleValue() - logprobs.getOrDefault(ids[0], Float.NaN);
        for (int rank = 0; rank < ids.length; rank++) {
            assertThat(logprobs).as("the 20 most probable tokens of " + of).containsKey(ids[rank]);
            assertThat(logprobs.get(ids[rank]) + shared).as("logit of token " + ids[rank] + " of " + of)
                    .isCloseTo(expected.get("logits").get(rank).doubleValue(), within(LOGIT_TOLERANCE));
        }
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }

    private static final class Answers implements TokenSink {
        private final List<Long> order = new ArrayList<>();
        private final Map<Long, List<Integer>> tokens = new HashMap<>();
        private final Map<Long, Map<Integer, Float>> first = new HashMap<>();

        void begin(long sequence) {
            order.add(sequence);
            tokens.put(sequence, new ArrayList<>());
        }

        int[] tokens(int index) {
            return tokens.get(order.get(index)).stream().mapToInt(Integer::intValue).toArray();
        }

        Map<Integer, Float> first(int index) {
            return first.get(order.get(index));
        }

        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            tokens.get(sequence).add(tokenId);
            if (index == 0) {
                var most = new HashMap<Integer, Float>();
                for (int rank = 0; rank < alternatives.count(); rank++) {
                    most.put(alternatives.token(rank), alternatives.logprob(rank));
                }
                first.put(sequence, most);
            }
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            assertThat(reason).isEqualTo(FinishReason.LENGTH);
        }
    }
}
