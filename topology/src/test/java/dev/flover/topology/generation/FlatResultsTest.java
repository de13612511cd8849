package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.FlatResult;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.junit.jupiter.api.Test;

/// Results as rows of scalar fields, on a topic of their own.
class FlatResultsTest {
    private static final int SLOTS = 4;
    private static final TopicNames STANDARD = TopicNames.standard();

    private static SimulatedProcess process(String topic, boolean prompts) {
        var config = SimulatedProcess.config().withFlatPrompts(prompts).with(new TopicNames(STANDARD.requests(),
                STANDARD.tokens(), STANDARD.results(), STANDARD.deadLetters(), STANDARD.models(), topic));
        return new SimulatedProcess(config, 1, SLOTS, () -> new ScriptedEngine(SLOTS, "scripted"));
    }

    private static GenerationRequest.Builder request(String id) {
        return SimulatedProcess.request(id, ">one two three");
    }

    /// Returns the rows by their keys; null for a row that was erased.
    private static Map<String, FlatResult> rows(SimulatedProcess process) {
        var rows = new LinkedHashMap<String, FlatResult>();
        process.records(PipelineTopology.FLAT_SINK).forEach(record -> rows.put(
                new String((byte[]) record.key(), StandardCharsets.UTF_8),
                row(((Outgoing.FlatRow) record.value()).value())));
        return rows;
    }

    private static FlatResult row(byte[] bytes) {
        try {
            return bytes == null ? null : new SpecificDatumReader<>(FlatResult.class).read(null,
                    DecoderFactory.get().binaryDecoder(bytes, null));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aRowHasTheFieldsOfTheResult() {
        var process = process("flat", true);
        process.send(0, request("a").setTenant("acme").setMetadata(Map.of("b", "2", "a", "1")).build());
        process.settle();

        var result = process.result("a");
        assertThat(rows(process)).containsOnlyKeys("a");
        var row = rows(process).get("a");
        assertThat(row.getText()).isNotEmpty().isEqualTo(result.getText());
        assertThat(row.getTenant()).isEqualTo("acme");
        assertThat(row.getPrompt()).isEqualTo(">one two three");
        assertThat(row.getFinishReason()).isEqualTo(result.getFinishReason().name());
        assertThat(row.getPromptTokens()).isEqualTo(result.getPromptTokens()).isPositive();
        assertThat(row.getCompletionTokens()).isEqualTo(result.getTokenIds().size()).isPositive();
        assertThat(row.getModel()).isEqualTo("scripted");
        assertThat(row.getFingerprint()).isEqualTo(result.getModel());
        assertThat(row.getFinishedAt()).isEqualTo(result.getFinishedAt());
        assertThat(row.getMetadata()).isEqualTo("{\"a\":\"1\",\"b\":\"2\"}");
    }

    @Test
    void eachAnswerIsARowAndRejectionsAreRowsToo() {
        var process = process("flat", false);
        process.send(0, request("many").setAnswers(3).build());
        process.send(0, request("wrong").setMaxTokens(-1).build());
        process.settle();

        var rows = rows(process);
        assertThat(rows).containsOnlyKeys("many", "many#1", "many#2", "wrong");
        assertThat(rows.get("many#2").getAnswer()).isEqualTo(2);
        assertThat(rows.get("many#2").getText())
                .isEqualTo(process.result("many").getOtherAnswers().get(1).getText());
        assertThat(rows.get("wrong").getFinishReason()).isEqualTo(FinishReason.REJECTED.name());
        assertThat(rows.get("wrong").getRejectionField()).isEqualTo("max_tokens");
        assertThat(rows.values()).extracting(FlatResult::getPrompt).containsOnlyNulls();
    }

    @Test
    void rowsOfDifferentRequestsNeverShareAKey() {
        var process = process("flat", false);
        process.send(0, request("many").setAnswers(2).build());
        process.send(0, request("many#1").setAnswers(2).build());
        process.send(0, request("many#1#0").build());
        process.settle();

        var rows = rows(process);
        assertThat(rows).containsOnlyKeys("many", "many#1", "many#1#0", "many#1#1", "many#1#0#0");
        assertThat(rows.get("many#1").getRequestId()).isEqualTo("many");
        assertThat(rows.get("many#1#0").getRequestId()).isEqualTo("many#1");
        assertThat(rows.get("many#1#0#0").getRequestId()).isEqualTo("many#1#0");
    }

    @Test
    void aCrashBeforeTheCommitRepeatsNoRow() {
        var process = process("flat", false);
        process.send(0, request("a").build());
        process.ticks(3);
        process.crash();
        process.settle();
        assertThat(process.records(PipelineTopology.FLAT_SINK)).hasSize(1);
        assertThat(rows(process).get("a").getText()).isEqualTo(process.result("a").getText());
    }

    @Test
    void withoutATopicThereAreNoRows() {
        var process = process(null, true);
        process.send(0, request("a").build());
        process.settle();
        assertThat(process.records(PipelineTopology.FLAT_SINK)).isEmpty();
        assertThat(process.result("a")).isNotNull();
    }

    @Test
    void everyFieldIsOfATypeThatSinksTakeAsAColumn() {
        for (var field : FlatResult.getClassSchema().getFields()) {
            var types = field.schema().isUnion() ? field.schema().getTypes() : List.of(field.schema());
            assertThat(types).as(field.name()).extracting(Schema::getType).isSubsetOf(Schema.Type.STRING,
                    Schema.Type.INT, Schema.Type.LONG, Schema.Type.BOOLEAN, Schema.Type.NULL);
        }
    }
}
