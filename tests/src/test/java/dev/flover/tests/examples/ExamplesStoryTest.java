package dev.flover.tests.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.schemas.GenerationResult;
import dev.flover.tests.clients.ExternalProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Each program in `examples` prints the answer that is on the results topic.
class ExamplesStoryTest {
    private static final String PROMPT = "It was a \"dark\" night";
    private static final Path EXAMPLES = Path.of("..", "examples");

    @RegisterExtension
    static final RunningPipeline PIPELINE = new RunningPipeline();

    /// The prompt of an example. Each has its own, by which the test finds its result.
    private static String prompt(String example) {
        return PROMPT + " for " + example;
    }

    private static JsonNode resultWith(String text) throws Exception {
        return PIPELINE.result(result -> result.get("text").asText().equals(text));
    }

    /// @param reason the end that is printed, in the letters of the results topic
    private static void assertIsAResult(List<String> printed, String reason) throws Exception {
        var result = resultWith(String.join("\n", printed.subList(0, printed.size() - 1)));

        assertThat(result.get("finish_reason").asText()).isEqualTo(reason);
        assertThat(result.get("completion_tokens").asInt()).isPositive();
    }

    private static void assertPrintsAResult(ExternalProgram example, String name) throws Exception {
        var printed = example.run("", PIPELINE.broker(), prompt(name));
        assertIsAResult(printed, printed.get(printed.size() - 1));
    }

    @Test
    void javaOnTheTopics() throws Exception {
        assertPrintsAResult(ExternalProgram.java("kafka/Ask.java"), "Java");
    }

    @Test
    void nodeOnTheTopics() throws Exception {
        assertPrintsAResult(ExternalProgram.nodeExample("kafka/ask.mjs", "kafkajs"), "kafkajs");
    }

    @Test
    void pythonOnTheTopics() throws Exception {
        assertPrintsAResult(ExternalProgram.python("kafka/ask.py", "confluent_kafka"), "confluent-kafka");
    }

    @Test
    void kcatOnTheTopics() throws Exception {
        var printed = ExternalProgram.shell("kafka/ask.sh", "kcat").run("", PIPELINE.broker(), prompt("kcat"));

        var result = new ObjectMapper().readTree(String.join("", printed));
        assertThat(result).isEqualTo(resultWith(result.get("text").asText()));
        assertThat(result.get("request_id").asText()).startsWith("ask-");
    }

    @Test
    void theClientOnJava17() throws Exception {
        assertPrintsAResult(ExternalProgram.java17("client/Ask.java"), "Java 17");
    }

    @Test
    void curl() throws Exception {
        var printed = ExternalProgram.shell("openai/ask.sh", "curl").run("", PIPELINE.http(), prompt("curl"));

        var text = new StringBuilder();
        for (var line : printed) {
            if (line.startsWith("data: {")) {
                text.append(new ObjectMapper().readTree(line.substring(6)).at("/choices/0/text").asText());
            }
        }
        assertThat(printed).contains("data: [DONE]");
        assertThat(resultWith(text.toString()).get("completion_tokens").asInt()).isPositive();
    }

    @Test
    void openAisClientForNode() throws Exception {
        assertAsksTheBridge(ExternalProgram.nodeExample("openai/ask.mjs", "openai"), PIPELINE.http(), prompt("node"));
    }

    @Test
    void openAisClientForPython() throws Exception {
        assertAsksTheBridge(ExternalProgram.python("openai/ask.py", "openai"), PIPELINE.http(), prompt("python"));
    }

    @Test
    void langChain4j() throws Exception {
        assertAsksTheBridge(ExternalProgram.java("openai/AskWithLangChain4j.java"), PIPELINE.http(), "novelist-f16",
                prompt("langchain4j"));
    }

    private static void assertAsksTheBridge(ExternalProgram example, String... arguments) throws Exception {
        var printed = example.run("", arguments);
        assertIsAResult(printed, printed.get(printed.size() - 1).toUpperCase(Locale.ROOT));
    }

    @Test
    void theSinkForDatabasesLeavesOutTheFieldsThatAreNoColumns() throws Exception {
        var config = new ObjectMapper().readTree(EXAMPLES.resolve("connect/results-to-postgres.json").toFile())
                .get("config");
        var nested = GenerationResult.getClassSchema().getFields().stream()
                .filter(field -> isNested(field.schema()))
                .map(Schema.Field::name).toList();

        assertThat(config.get("transforms.flat.exclude").asText().split(","))
                .containsExactlyInAnyOrderElementsOf(nested);
        assertThat(GenerationResult.getClassSchema().getField(config.get("pk.fields").asText())).isNotNull();
    }

    private static boolean isNested(Schema schema) {
        return switch (schema.getType()) {
            case UNION -> schema.getTypes().stream().anyMatch(ExamplesStoryTest::isNested);
            case ARRAY, MAP, RECORD -> true;
            case STRING, ENUM, INT, LONG, FLOAT, DOUBLE, BOOLEAN, BYTES, FIXED, NULL -> false;
        };
    }

    @Test
    void theTableOfFlinkHasTheFieldsAndTypesOfAResultInJson() throws Exception {
        var statement = Files.readString(EXAMPLES.resolve("flink/results.sql")).replaceAll("(?m)^--.*$", "");
        var columns = statement.substring(statement.indexOf('(') + 1, statement.indexOf("    finished AS"));
        var expected = GenerationResult.getClassSchema().getFields().stream()
                .map(ExamplesStoryTest::column).collect(Collectors.joining(",\n"));

        assertThat(columns.strip().replaceAll("(?m)^ +", "")).isEqualTo(expected + ",");
        var written = new ArrayList<String>();
        resultWithPrompt().fieldNames().forEachRemaining(written::add);
        assertThat(Pattern.compile("(?m)^    `(\\w+)` ").matcher(columns).results().map(name -> name.group(1)))
                .containsAll(written);
    }

    private static JsonNode resultWithPrompt() throws Exception {
        ExternalProgram.java("kafka/Ask.java").run("", PIPELINE.broker(), prompt("flink"));
        return PIPELINE.result(result -> true);
    }

    private static String column(Schema.Field field) {
        return "`" + field.name() + "` " + type(field.schema());
    }

    /// Returns the type of Flink SQL for a value in JSON.
    private static String type(Schema schema) {
        return switch (schema.getType()) {
            case UNION -> type(schema.getTypes().getLast());
            case RECORD -> schema.getFields().stream().map(ExamplesStoryTest::column)
                    .collect(Collectors.joining(", ", "ROW<", ">"));
            case ARRAY -> "ARRAY<" + type(schema.getElementType()) + ">";
            case MAP -> "MAP<STRING, " + type(schema.getValueType()) + ">";
            case STRING, ENUM -> "STRING";
            case INT -> "INT";
            case LONG -> {
                assertThat(schema.getLogicalType()).isEqualTo(LogicalTypes.timestampMillis());
                yield "BIGINT";
            }
            case BOOLEAN -> "BOOLEAN";
            case FLOAT, DOUBLE, BYTES, FIXED, NULL -> throw new AssertionError("a result has no " + schema);
        };
    }
}
