package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.RandomFamilies;
import dev.flover.engine.TestData;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.TinyFolder.Widths;
import dev.flover.engine.loading.families.Families;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Loads a model of every family with weights of every type, and compares the tables of `docs/use/models.md` with what
/// loads and what is refused. With `-Dflover.renew=true`, the page is written.
class ModelsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "use", "models.md");
    private static final List<TensorType> PLAIN = List.of(TensorType.F32, TensorType.F16, TensorType.BF16);
    private static final int[] PROMPT = {1, 5, 40, 7, 7, 23};
    private static final int TOP = 20;
    private static final EngineConfig CONFIG = EngineConfig.of(1, 16).withKvBlocks(8).withStepsInFlight(1)
            .withPrefixCaching(false);

    private final List<String> rows = new ArrayList<>();

    @TempDir
    Path temporary;

    @TestFactory
    Stream<DynamicTest> everyFamilyComputesWeightsOfEveryType() throws IOException {
        var published = new Properties();
        try (var names = Files.newBufferedReader(TestData.of("published-models.properties"))) {
            published.load(names);
        }
        var tests = Families.ALL.stream().map(family -> DynamicTest.dynamicTest(
                family.modelTypes().getFirst(), () -> rows.add(row(family, published))));
        var page = DynamicTest.dynamicTest("the page", () -> comparePage("| Published models |", rows));
        return Stream.concat(tests, Stream.of(page));
    }

    private String row(Family family, Properties published) throws IOException {
        String type = family.modelTypes().getFirst();
        assertThat(published).as("published-models.properties").containsKey(type);
        var folder = Files.createDirectories(temporary.resolve(type));
        TinyFolder.write(folder, family, Widths.BLOCKS, PLAIN);
        if (family.architectures().isEmpty()) {
            // activations have 8 bits of precision in products with weights in bf16
            assertClose(logprobs(folder, "cpu"), logprobs(folder, "reference"), 0.05, TOP - 2);
            return "| %s | %s | none | %s | |".formatted(published.get(type), codes(family.modelTypes()),
                    list(EnumSet.copyOf(PLAIN)));
        }
        var writer = GgufConversion.writer(folder);
        var plain = writer.write(folder.resolve("plain.gguf"));
        // The folder's numbers are exact in f32, so that the same model is computed.
        assertClose(logprobs(plain, "reference"), logprobs(folder, "reference"), 1e-4, TOP - 2);
        var used = compareTypes(writer, folder);
        return "| %s | %s | %s | %s | %s |".formatted(published.get(type), codes(family.modelTypes()),
                codes(family.architectures()), list(EnumSet.copyOf(PLAIN)), list(used));
    }

    /// Writes two files with the same weights, one with tensors of all types in turn and one with all in f32, and
    /// compares what the backends compute from them.
    ///
    /// @return the types that the first file has
    private static Set<TensorType> compareTypes(GgufWriter writer, Path folder) {
        var used = EnumSet.noneOf(TensorType.class);
        var random = new Random(1);
        var decoded = new HashMap<String, float[]>();
        int[] turn = {0};
        var typed = writer.change(entry -> {
            if (entry.dimensions().length < 2 || entry.name().contains("ffn_gate_inp")) {
                return null; // llama.cpp quantises neither vectors nor routers
            }
            var type = TensorType.values()[turn[0]++ % TensorType.values().length];
            if (entry.columns() % type.blockElements() != 0) {
                type = TensorType.Q8_0;
            }
            used.add(type);
            int count = Arrays.stream(entry.dimensions()).reduce(1, (a, b) -> a * b);
            byte[] data = RandomBlocks.of(type, count, 1 / Math.sqrt(entry.columns()), random);
            decoded.put(entry.name(), RandomBlocks.floats(type, data));
            return new GgufWriter.Entry(entry.name(), type, entry.dimensions(), data);
        }).write(folder.resolve("typed.gguf"));
        var wide = writer.change(entry -> decoded.containsKey(entry.name())
                ? new GgufWriter.Entry(entry.name(), TensorType.F32, entry.dimensions(),
                        GgufWriter.encode(TensorType.F32, decoded.get(entry.name())))
                : null).write(folder.resolve("wide.gguf"));
        var expected = logprobs(wide, "reference");
        assertClose(logprobs(typed, "reference"), expected, 1e-4, TOP);
        assertClose(logprobs(typed, "cpu"), expected, 0.3, TOP - 4);
        return used;
    }

    /// The logarithms of the probabilities of the 20 most probable tokens after the prompt.
    private static Map<Integer, Float> logprobs(Path path, String backend) {
        var most = new HashMap<Integer, Float>();
        var sink = new TokenSink() {
            @Override
            public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
                for (int rank = 0; rank < alternatives.count(); rank++) {
                    most.put(alternatives.token(rank), alternatives.logprob(rank));
                }
            }

            @Override
            public void finished(long sequence, FinishReason reason) {
                assertThat(reason).isEqualTo(FinishReason.LENGTH);
            }
        };
        try (var model = ModelLoader.open(path);
                var engine = Engine.start(model, Backends.open(backend, 1), CONFIG)) {
            engine.admit(SequenceRequest.of(PROMPT, SamplingParams.greedy().withTopLogprobs(TOP), 1, TokenSet.EMPTY));
            while (engine.step(sink)) {
                // until the answer has its token
            }
        }
        return most;
    }

    /// @param shared the least number of tokens that are among the 20 most probable ones of both
    private static void assertClose(
            Map<Integer, Float> found, Map<Integer, Float> expected, double tolerance, int shared) {
        var both = expected.keySet().stream().filter(found::containsKey).toList();
        assertThat(both).as("tokens that are most probable in both").hasSizeGreaterThanOrEqualTo(shared);
        both.forEach(token -> assertThat(found.get(token)).as("logprob of token " + token)
                .isCloseTo(expected.get(token), within((float) tolerance)));
    }

    private static String codes(List<String> names) {
        return names.stream().map(name -> "`" + name + "`").collect(Collectors.joining(", "));
    }

    private static String list(Set<TensorType> types) {
        return types.size() == TensorType.values().length ? "all"
                : types.stream().map(TensorType::name).collect(Collectors.joining(", "));
    }

    /// The kinds of models that are known and refused: a name, a family, and keys of its `config.json`.
    private static final List<List<String>> REFUSED = List.of(
            List.of("Qwen 3.5, Qwen3-Next (recurrent layers)", "llama", "{\"model_type\": \"qwen3_next\"}"),
            List.of("LFM2 (convolutions)", "llama", "{\"model_type\": \"lfm2\"}"),
            List.of("Mamba, Granite 4 hybrids (state spaces)", "llama", "{\"model_type\": \"granitemoehybrid\"}"),
            List.of("BERT and other encoders", "llama", "{\"model_type\": \"bert\"}"),
            List.of("Command R+ (norms of queries with weights of each head)", "cohere", "{\"use_qk_norm\": true}"),
            List.of("StableLM 2 12B (the same)", "stablelm", "{\"qk_layernorm\": true}"),
            List.of("Falcon RW (ALiBi)", "falcon", "{\"alibi\": true}"),
            List.of("OPT 350M (norms after attention and feed-forward)", "opt", "{\"do_layer_norm_before\": false}"),
            List.of("models that limit queries, keys and values", "olmoe", "{\"clip_qkv\": 8.0}"),
            List.of("folders of GPTQ weights", "llama", "{\"quantization_config\": {\"quant_method\": \"gptq\"}}"),
            List.of("folders of AWQ weights", "llama", "{\"quantization_config\": {\"quant_method\": \"awq\"}}"),
            List.of("folders of FP8 weights", "deepseek_v3", "{\"quantization_config\": {\"quant_method\": \"fp8\"}}"));

    @Test
    void whatIsRefusedIsRefusedWithTheMessageOfThePage() throws IOException {
        var json = new ObjectMapper();
        var lines = new ArrayList<String>();
        for (var refused : REFUSED) {
            TinyFolder.write(temporary, Families.ofModelType(temporary, refused.get(1)));
            var file = temporary.resolve("config.json");
            var config = (ObjectNode) json.readTree(file.toFile());
            config.setAll((ObjectNode) json.readTree(refused.get(2)));
            json.writeValue(file.toFile(), config);
            String message = "";
            try (var model = ModelLoader.open(temporary)) {
                message = "loaded " + model;
            } catch (ModelFileException e) {
                message = e.getMessage().substring(e.getMessage().indexOf(": ") + 2)
                        .replaceFirst("; the supported ones are .*", "; the supported ones are ...");
            }
            assertThat(message).doesNotStartWith("loaded");
            lines.add("| " + refused.getFirst() + " | " + message + " |");
        }
        comparePage("| Refused |", lines);
    }

    @Test
    void everyFamilyIsLoadedByTheTestsOfFamilies() {
        Set<String> tested = RandomFamilies.folders().stream().map(folder -> folder.getFileName().toString())
                .collect(Collectors.toSet());
        // Gemma 1 is Gemma 2 without windows, soft caps and norms after; FamiliesTest loads a folder of it
        var untested = Families.ALL.stream().filter(family -> family.modelTypes().stream().noneMatch(type ->
                tested.contains(type) || tested.contains(type.replace("_text", "")))).map(Family::modelTypes).toList();

        assertThat(untested).containsExactly(List.of("gemma"));
    }

    @Test
    void everyTypeOfTensorsIsNamed() throws IOException {
        String page = Files.readString(PAGE);
        for (var type : TensorType.values()) {
            assertThat(page).as("a type that GGUF files may have").contains(type.name());
        }
    }

    /// Compares the rows of a table of the page, or replaces them.
    ///
    /// @param heading how the table's first line begins
    private static void comparePage(String heading, List<String> rows) throws IOException {
        var lines = new ArrayList<>(Files.readAllLines(PAGE));
        int first = 0;
        while (!lines.get(first).startsWith(heading)) {
            first++;
        }
        first += 2;
        int end = first;
        while (end < lines.size() && lines.get(end).startsWith("|")) {
            end++;
        }
        if (Boolean.getBoolean("flover.renew")) {
            lines.subList(first, end).clear();
            lines.addAll(first, rows);
            Files.write(PAGE, lines);
        } else {
            assertThat(lines.subList(first, end)).as(PAGE + "; renew it with -Dflover.renew=true").isEqualTo(rows);
        }
    }
}
