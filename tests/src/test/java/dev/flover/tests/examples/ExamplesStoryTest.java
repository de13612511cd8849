package dev.flover.tests.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.schemas.FlatResult;
import dev.flover.tests.clients.ExternalProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
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
    void theSinkForDatabasesWritesEachRowUnderItsKey() throws Exception {
        var config = new ObjectMapper().readTree(EXAMPLES.resolve("connect/results-to-postgres.json").toFile())
                .get("config");

        assertThat(config.get("topics").asText()).isEqualTo(RunningPipeline.FLAT_RESULTS);
        for (String column : config.get("pk.fields").asText().split(",")) {
            assertThat(FlatResult.getClassSchema().getField(column)).as(column).isNotNull();
        }
    }

    @Test
    void theTablesOfFlinkAndKsqlHaveTheFieldsAndTypesOfAFlatResultInJson() throws Exception {
        var expected = FlatResult.getClassSchema().getFields().stream().map(ExamplesStoryTest::column).toList();
        ExternalProgram.java("kafka/Ask.java").run("", PIPELINE.broker(), prompt("flink"));
        var row = PIPELINE.record(RunningPipeline.FLAT_RESULTS,
                each -> each.path("prompt").asText().equals(prompt("flink")));
        var result = PIPELINE.result(each -> each.get("request_id").equals(row.get("request_id")));

        assertThat(columns("flink/results.sql")).isEqualTo(expected);
        assertThat(columns("ksqldb/results.sql")).isEqualTo(expected);
        assertThat(row.get("text")).isEqualTo(result.get("text"));
        row.fieldNames().forEachRemaining(name ->
                assertThat(FlatResult.getClassSchema().getField(name)).as(name).isNotNull());
    }

    /// Returns the columns of the table in a file, with their types, but not its key.
    private static List<String> columns(String file) throws IOException {
        var statement = Files.readString(EXAMPLES.resolve(file));
        return Pattern.compile("(?m)^    (`\\w+` [A-Z]+),?$").matcher(statement).results()
                .map(column -> column.group(1)).toList();
    }

    private static String column(Schema.Field field) {
        return "`" + field.name() + "` " + type(field.schema());
    }

    /// Returns the type of Flink SQL and of ksqlDB for a value in JSON.
    private static String type(Schema schema) {
        return switch (schema.getType()) {
            case UNION -> type(schema.getTypes().getLast());
            case STRING -> "STRING";
            case INT -> "INT";
            case LONG -> {
                assertThat(schema.getLogicalType()).isEqualTo(LogicalTypes.timestampMillis());
                yield "BIGINT";
            }
            case BOOLEAN -> "BOOLEAN";
            case RECORD, ENUM, ARRAY, MAP, FLOAT, DOUBLE, BYTES, FIXED, NULL ->
                    throw new AssertionError("a flat result has no " + schema);
        };
    }
}
