package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.flover.app.Console;
import dev.flover.topology.request.SeedOfId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
    private static final Path STORIES = Path.of("..", "gpu-engine", "src", "test", "resources", "stories260K");

    @TempDir
    Path folder;

    private final ObjectMapper mapper = new ObjectMapper();

    @Test
    void answersInTheOrderOfTheRequestsWithTheFieldsOfTheContract() throws IOException {
        var answers = generate("""
                {"id": "long", "prompt": "The old house", "max_tokens": 12, "ignore_eos": true}

                {"id": "short", "prompt": "The captain", "max_tokens": 2}
                {"prompt_ids": [0, 551, 651, 798], "max_tokens": 12, "ignore_eos": true}
                """);

        assertThat(answers).extracting(answer -> answer.get("id").asText()).containsExactly("long", "short", "4");
        assertThat(fieldNames(answers.getFirst()))
                .containsExactly("id", "prompt_ids", "token_ids", "text", "finish_reason");
        assertThat(answers.getFirst().get("prompt_ids").toString()).isEqualTo("[0,551,651,798]");
        assertThat(answers.get(1).get("token_ids")).hasSize(2);
        assertThat(answers.get(1).get("finish_reason").asText()).isEqualTo("length");
        assertThat(answers.get(2).get("token_ids")).isEqualTo(answers.get(0).get("token_ids"));
        assertThat(answers.get(2).get("text")).isEqualTo(answers.get(0).get("text"));
    }

    @Test
    void ranksGiveTheAnswersOfOne() throws IOException {
        var file = Files.writeString(folder.resolve("both.jsonl"), """
                {"id": "a", "prompt": "The old house", "max_tokens": 12, "ignore_eos": true}
                {"id": "b", "prompt": "The captain", "max_tokens": 9, "sampling": {"temperature": 0.9}, "seed": 4}
                """);
        var one = Console.run("generate", "--requests", file.toString(), "--json");
        var two = Console.run("generate", "--requests", file.toString(), "--json", "--tp", "2");
        assertThat(one.code()).isZero();
        assertThat(two.code()).isZero();
        assertThat(two.out()).isEqualTo(one.out());
    }

    @Test
    void ranksThatTheModelDoesNotAllowAreRefusedAndListed() {
        String stories = STORIES.resolve("stories260K-pad192-Q8_0.gguf").toString();
        var refused = Console.run("generate", "--model", stories, "--prompt", "a", "--tp", "4");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("--tp 4: stories260K-pad192-Q8_0.gguf cannot be divided among 4 ranks, at "
                + "most among 2: blk.0.attn_output.weight has 64 columns, which are summed in 2 parts");
        var listed = Console.run("inspect", "--model", stories, "--tp", "list");
        assertThat(listed.code()).isZero();
        assertThat(listed.out()).containsPattern("(?m)^ +2 +4 +2 +96 ").contains("cannot be divided among 8 ranks");
        assertThat(Console.run("generate", "--prompt", "a", "--tp", "3").err())
                .contains("--tp 3: a model can be divided among 1, 2, 4 or 8 ranks, or auto; found 3");
        assertThat(Console.run("inspect", "--tp", "4").err()).contains("--tp must be list, was 4");
        assertThat(Console.run("generate", "--prompt", "a", "--backend", "cpu", "--devices", "0").err())
                .contains("--backend cpu: the backend cpu computes on the processor, but the device 0 was chosen");
        assertThat(Console.run("generate", "--prompt", "a", "--devices", "first").err())
                .contains("--devices: expected numbers of devices with commas between them, such as 0,1, found first");
    }

    @Test
    void greedyTextEndsAtTheModelsEndOfText() throws IOException {
        var answer = generate("{\"prompt_ids\": [0], \"max_tokens\": 40}").getFirst();

        assertThat(answer.get("text").asText()).isEqualTo("\"I don't know what you mean,\" said the old man, "
                + "\"but I don't know what you mean.\"");
        assertThat(answer.get("finish_reason").asText()).isEqualTo("stop");
        var tokens = (ArrayNode) answer.get("token_ids");
        assertThat(tokens.get(tokens.size() - 1).asInt()).isZero();
    }

    @Test
    void aStopStringEndsTheAnswerAndIsNotPartOfIt() throws IOException {
        var answer = generate("""
                {"prompt_ids": [0], "max_tokens": 40, "stop": ["you me", " said"]}
                """).getFirst();

        assertThat(answer.get("text").asText()).isEqualTo("\"I don't know what ");
        assertThat(answer.get("finish_reason").asText()).isEqualTo("stop");
    }

    @Test
    void aRequestGetsTheSameTokensAloneAndAmongOthers() throws IOException {
        var lines = new StringBuilder();
        for (int i = 0; i < 6; i++) {
            lines.append("{\"prompt\": \"The lady number ").append(i).append("\", \"max_tokens\": ").append(4 + 3 * i)
                    .append(", \"temperature\": 0.9, \"repetition_penalty\": 1.2, \"seed\": ").append(i).append("}\n");
        }

        var together = generate(lines.toString(), "--prefill-chunk", "3");
        var alone = generate(lines.toString(), "--max-sequences", "1");

        assertThat(together).isEqualTo(alone);
    }

    @Test
    void answersFitWhatTheirLinesAskFor() throws IOException {
        var answers = generate("""
                {"prompt": "A cat: ", "max_tokens": 90, "json_schema": {"type": "object", "properties":
                 {"name": {"type": "string", "maxLength": 8}, "legs": {"enum": [2, 4]}}, "required": ["legs"],
                 "additionalProperties": false}}
                {"prompt": "Is the sea blue? ", "choices": ["yes", "no"]}
                {"prompt": "On ", "max_tokens": 20, "regex": "[0-3][0-9]\\\\.[01][0-9]"}
                {"prompt": "Sum: ", "max_tokens": 90, "grammar": "root ::= [0-9]{1,2} (\\"+\\" [0-9]){2}"}
                """.replace("\n ", " "));

        var written = answers.stream().map(answer -> answer.get("text").asText()).toList();
        assertThat(mapper.readTree(written.get(0)).get("legs").asInt()).isIn(2, 4);
        assertThat(written.get(1)).isIn("yes", "no");
        assertThat(written.get(2)).matches("[0-3][0-9]\\.[01][0-9]");
        assertThat(written.get(3)).matches("[0-9]{1,2}(\\+[0-9]){2}");
        assertThat(answers).allSatisfy(answer -> assertThat(answer.get("finish_reason").asText()).isEqualTo("stop"));
    }

    @Test
    void aConstraintThatCannotBeUsedIsReportedByLine() throws IOException {
        Path file = Files.writeString(folder.resolve("requests.jsonl"), """
                {"prompt": "a", "regex": "a", "choices": ["b"]}
                {"prompt": "a", "regex": "a", "stop": "a"}
                {"prompt": "a", "white_space": true}
                """);
        assertThat(Console.run("generate", "--requests", file.toString()).err())
                .contains("line 1: at most one of json_schema, schema_subject, regex, choices and grammar may be set")
                .contains("line 2: stop and regex contradict each other")
                .contains("line 3: white_space needs json_schema");

        Files.writeString(file, "{\"prompt\": \"a\", \"json_schema\": {\"unevaluatedItems\": false}}");
        assertThat(Console.run("generate", "--requests", file.toString()).err())
                .contains("line 1: json_schema: unevaluatedItems at /unevaluatedItems is not supported");
    }

    @Test
    void everyBadLineIsReportedAndNothingIsGenerated() throws IOException {
        Path file = Files.writeString(folder.resolve("requests.jsonl"), """
                {"prompt": "fine"}
                {"prompt": "a", "top_p": 3}
                nonsense
                """);

        var run = Console.run("generate", "--requests", file.toString(), "--json");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).containsSubsequence("line 2: sampling.top_p must be in (0, 1], was 3.0",
                "line 3: expected one JSON object in UTF-8, found an error in column");
    }

    @Test
    void whatTheModelCannotComputeIsReportedByLine() throws IOException {
        Path file = Files.writeString(folder.resolve("requests.jsonl"), """
                {"prompt_ids": [2048]}
                {"prompt_ids": %s}
                """.formatted(Collections.nCopies(256, 5)));

        var run = Console.run("generate", "--requests", file.toString());

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("line 1: prompt_ids must be in [0, 2047], found 2048")
                .contains("line 2: the prompt must leave room for an answer in the model's context of 256 tokens");
    }

    @Test
    void onePromptIsWrittenAsText() {
        var run = Console.run("generate", "--prompt", "The old house", "--max-tokens", "8", "--stats");

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains(" was a very large").endsWith("\n");
        assertThat(run.err()).contains("1 requests, 8 tokens in");
    }

    @Test
    void aRealModelGivesTheTokensOfItsReference() throws IOException {
        var reference = mapper.readTree(STORIES.resolve("reference_greedy.json").toFile()).get("cases");
        var lines = new StringBuilder();
        var expected = new ArrayList<JsonNode>();
        for (var item : reference) {
            lines.append(mapper.createObjectNode().put("prompt", item.get("prompt").asText()).put("max_tokens", 40))
                    .append('\n');
            expected.add(item.get("token_ids_with_bos"));
        }

        var answers = generate(lines.toString(), "--model", STORIES.resolve("stories260K-F32.gguf").toString());

        for (int i = 0; i < expected.size(); i++) {
            var ids = mapper.createArrayNode();
            ids.addAll((ArrayNode) answers.get(i).get("prompt_ids"));
            ids.addAll((ArrayNode) answers.get(i).get("token_ids"));
            var beginning = mapper.createArrayNode();
            for (int k = 0; k < Math.min(ids.size(), expected.get(i).size()); k++) {
                beginning.add(expected.get(i).get(k));
            }
            assertThat(ids).isEqualTo(beginning);
        }
    }

    private List<JsonNode> generate(String requests, String... options) throws IOException {
        Path file = Files.writeString(folder.resolve("requests.jsonl"), requests);
        var arguments = new ArrayList<>(List.of("generate", "--json", "--requests", file.toString()));
        arguments.addAll(List.of(options));
        var run = Console.run(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        var answers = new ArrayList<JsonNode>();
        for (String line : run.out().lines().toList()) {
            answers.add(mapper.readTree(line));
        }
        return answers;
    }

    private static List<String> fieldNames(JsonNode node) {
        var names = new ArrayList<String>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void logprobsAreWrittenWhereAskedForAndNowhereElse() throws IOException {
        Path file = Files.writeString(folder.resolve("requests.jsonl"), """
                {"prompt": "The old house", "max_tokens": 3}
                {"prompt": "The old house", "max_tokens": 3, "logprobs": 2}
                """);

        var run = Console.run("generate", "--requests", file.toString(), "--json");

        var answers = run.out().lines().toList();
        assertThat(new ObjectMapper().readTree(answers.getFirst()).has("logprobs")).isFalse();
        var answer = new ObjectMapper().readTree(answers.getLast());
        assertThat(answer.get("logprobs")).hasSize(3);
        for (int i = 0; i < 3; i++) {
            var token = answer.get("logprobs").get(i);
            var best = token.get("alternatives");
            assertThat(token.get("token_id")).isEqualTo(answer.get("token_ids").get(i));
            assertThat(best).hasSize(2);
            assertThat(best.get(0).get("logprob").floatValue())        // greedy: the token is the most probable one
                    .isEqualTo(token.get("logprob").floatValue())
                    .isGreaterThanOrEqualTo(best.get(1).get("logprob").floatValue())
                    .isNegative();
        }
    }

    @Test
    void withoutASeedTheIdDrawsAsInAPipelineUnlessAnOptionSaysOne() throws IOException {
        long derived = SeedOfId.of("x");
        String line = "{\"id\": \"x\", \"prompt\": \"The lady\", \"max_tokens\": 12%s}";

        var unseeded = generate(line.formatted(""), "--temperature", "1").getFirst();
        var seeded = generate(line.formatted(", \"seed\": " + derived), "--temperature", "1", "--seed", "7").getFirst();
        var byOption = generate(line.formatted(""), "--temperature", "1", "--seed", "7").getFirst();

        assertThat(unseeded.get("token_ids")).isEqualTo(seeded.get("token_ids"))
                .isNotEqualTo(byOption.get("token_ids"));
    }

    @Test
    void anEmptyPromptBeginsWithTheModelsBeginningOfText() throws IOException {
        var answers = generate("{\"prompt\": \"\", \"max_tokens\": 8}\n{\"prompt_ids\": [0], \"max_tokens\": 8}");

        assertThat(answers.getFirst().get("prompt_ids")).isEqualTo(answers.getLast().get("prompt_ids"));
        assertThat(answers.getFirst().get("token_ids")).isEqualTo(answers.getLast().get("token_ids"));
    }
}
