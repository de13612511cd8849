package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.RandomFamilies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Loads the GGUF files of the tests of families with llama.cpp's server, and compares its answers with those of the
/// families' original implementation, with which [dev.flover.engine.FamilyContract] compares ours. If both agree, the
/// files that [GgufConversion] writes are what llama.cpp's converters write.
///
/// Runs with `-Dflover.llama-server=PROGRAM`. With `-Dflover.renew=true`, writes the table of
/// `docs/evidence/families.md`.
class LlamaServerTest {
    private static final Path PAGE = Path.of("..", "docs", "evidence", "families.md");
    private static final String HEADING = "| family | architecture | prompts with the same tokens "
            + "| largest difference of the logits |";
    /// The largest difference of two logits that is accepted. llama.cpp computes in f32 in another order, and
    /// approximates exponentials.
    private static final double TOLERANCE = 0.02;

    private static final int TOP = 20;
    /// The least number of tokens that must be among the 20 most probable ones of both programs.
    private static final int LEAST_SHARED = 18;

    /// The small models that llama.cpp does not load or computes differently, with the reason, which its source code
    /// shows.
    private static final Map<String, String> DIFFERENT = Map.of(
            "deepseek_v2", "not loaded: llama.cpp expects `q_lora_rank` except in models of 27 layers",
            "deepseek_v2_yarn", "not loaded, for the same reason",
            "exaone4", "differs: llama.cpp has a window only in models of 64 layers",
            "gpt_oss", "differs after the first position: llama.cpp rounds the limits of YaRN's interpolation, and the "
                    + "model does not",
            "gptj", "not loaded: llama.cpp does not compute this architecture",
            "mistral", "not loaded: in published files the architecture is `llama`",
            "olmoe", "not loaded: llama.cpp expects as many key heads as query heads",
            "phi4mini", "differs: llama.cpp chooses the factors of positions by the size of the context, the model by "
                    + "the length of the sequence");

    private final List<String> rows = new ArrayList<>();

    @TempDir
    static Path temporary;

    /// @param equal      prompts whose greedy tokens are all equal
    /// @param prompts    all prompts
    /// @param difference the largest difference of the logits among the 20 largest after a prompt
    private record Agreement(int equal, int prompts, double difference) {}

    @TestFactory
    Stream<DynamicTest> llamaCppGivesTheTokensOfTheOriginalImplementation() throws IOException {
        String program = System.getProperty("flover.llama-server", "");
        assumeTrue(!program.isEmpty(), "needs llama.cpp's server: -Dflover.llama-server=PROGRAM");
        var folders = RandomFamilies.folders().stream().filter(GgufConversion::isKnown)
                .filter(GgufConversion::exists).toList();
        var tests = folders.stream().map(folder -> DynamicTest.dynamicTest(
                folder.getFileName().toString(), () -> compare(Path.of(program), folder)));
        var page = DynamicTest.dynamicTest("the page", this::writePage);
        return Stream.concat(tests, Stream.of(page));
    }

    private void compare(Path program, Path folder) throws IOException {
        var cases = new ObjectMapper().readTree(folder.resolve("reference.json").toFile()).get("cases");
        String name = folder.getFileName().toString();
        var file = GgufConversion.convertWithVocabulary(folder, temporary.resolve(name + ".gguf"), unused(cases));
        String architecture = ModelLoader.inspect(file, 0).architecture();
        if (DIFFERENT.containsKey(name)) {
            rows.add("| `" + name + "` | `" + architecture + "` | " + DIFFERENT.get(name) + " | |");
            assertThatThrownBy(() -> requireAgreement(program, file, cases, name))
                    .as(name + ", of which llama.cpp is known to differ");
            return;
        }
        var agreement = requireAgreement(program, file, cases, name);
        rows.add(String.format(Locale.ROOT, "| `%s` | `%s` | %d of %d | %.1e |",
                name, architecture, agreement.equal(), agreement.prompts(), agreement.difference()));
    }

    private static Agreement requireAgreement(Path program, Path file, JsonNode cases, String name)
            throws IOException {
        Agreement agreement;
        try (var server = LlamaServerProcess.start(program, file)) {
            agreement = agreement(server, cases);
        }
        assertThat(agreement.equal()).as("prompts with the same tokens of " + name).isEqualTo(agreement.prompts());
        assertThat(agreement.difference()).as("largest difference of logits of " + name).isLessThan(TOLERANCE);
        return agreement;
    }

    private static Agreement agreement(LlamaServerProcess server, JsonNode cases) throws IOException {
        int equal = 0;
        double difference = 0;
        for (var reference : cases) {
            var expected = ints(reference.get("greedy"));
            var answer = server.complete(ints(reference.get("prompt")), expected.size());
            equal += ints(answer.get("tokens")).equals(expected) ? 1 : 0;
            difference = Math.max(difference, difference(reference.get("first_logits_top20"),
                    answer.at("/completion_probabilities/0/top_logprobs")));
        }
        return new Agreement(equal, cases.size(), difference);
    }

    /// Compares logits through logprobs, which are logits minus a number that is the same for all tokens.
    private static double difference(JsonNode expected, JsonNode found) {
        Map<Integer, Double> logprobs = new HashMap<>();
        found.forEach(each -> logprobs.put(each.get("id").intValue(), each.get("logprob").doubleValue()));
        var ids = ints(expected.get("ids"));
        var both = IntStream.range(0, TOP).filter(rank -> logprobs.containsKey(ids.get(rank))).toArray();
        if (both.length < LEAST_SHARED) {
            return Double.POSITIVE_INFINITY;
        }
        double shared = expected.get("logits").get(both[0]).doubleValue() - logprobs.get(ids.get(both[0]));
        return Arrays.stream(both).mapToDouble(rank -> Math.abs(logprobs.get(ids.get(rank)) + shared
                - expected.get("logits").get(rank).doubleValue())).max().orElseThrow();
    }

    /// An id that occurs in no prompt and no answer.
    private static int unused(JsonNode cases) {
        var used = new HashSet<Integer>();
        for (var reference : cases) {
            used.addAll(ints(reference.get("prompt")));
            used.addAll(ints(reference.get("greedy")));
        }
        int unused = 0;
        while (used.contains(unused)) {
            unused++;
        }
        return unused;
    }

    private static List<Integer> ints(JsonNode array) {
        var values = new ArrayList<Integer>();
        array.forEach(value -> values.add(value.intValue()));
        return values;
    }

    private void writePage() throws IOException {
        assumeTrue(Boolean.getBoolean("flover.renew"), "writes the page with -Dflover.renew=true");
        var lines = new ArrayList<>(Files.readAllLines(PAGE));
        int heading = lines.indexOf(HEADING);
        assertThat(heading).as("the line of the heading of the table in " + PAGE).isNotNegative();
        while (heading + 2 < lines.size() && lines.get(heading + 2).startsWith("|")) {
            lines.remove(heading + 2);
        }
        lines.addAll(heading + 2, rows);
        Files.write(PAGE, lines);
    }
}
