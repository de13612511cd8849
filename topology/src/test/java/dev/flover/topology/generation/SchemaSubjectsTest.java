package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.model.Model;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredSchema;
import dev.flover.schemas.serdes.TrustedRecords;
import dev.flover.topology.config.Patience;
import dev.flover.topology.config.PipelineConfig.Mentions;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.config.Recovery;
import dev.flover.topology.state.StoreNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Requests that name a subject of the schema registry, and a topic for the record of their answer.
class SchemaSubjectsTest {
    private static final String CAT = """
            {"type": "record", "name": "Cat", "namespace": "animals", "fields": [
              {"name": "legs", "type": {"type": "int", "minimum": 2, "maximum": 4}},
              {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["TOM", "QUEEN"]}},
              {"name": "born", "type": ["null", {"type": "int", "logicalType": "date"}], "default": null}]}""";
    private static final int SLOTS = 4;

    private static Model model;

    static {
        TrustedRecords.trust();
    }

    @BeforeAll
    static void makeModel() {
        model = TinyEngine.model();
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    private static SimulatedProcess process() {
        var mentions = new Mentions(Pattern.compile("(cats|dogs)-value"), Pattern.compile("(cats|gone|small|test-).*"),
                null);
        var config = SimulatedProcess.config().with(RequestLimits.standard().with(mentions))
                .with(Recovery.standard().with(new Patience(Duration.ofMillis(100), 4, Duration.ofSeconds(15))));
        var process = new SimulatedProcess(config, 1, SLOTS, () -> TinyEngine.start(model, SLOTS, 256));
        process.subjects.put("cats-value", new StoredSchema(77, "AVRO", CAT));
        process.subjects.put("cats-value/1", new StoredSchema(76, "AVRO", CAT.replace("TOM", "KITTEN")));
        process.subjects.put("dogs-value", new StoredSchema(78, "JSON", "{\"enum\": [\"waf\", \"wau\"]}"));
        process.topics.put("cats", 1_000);
        return process;
    }

    private static GenerationRequest request(Consumer<GenerationRequest.Builder> change) {
        var request = SimulatedProcess.request("a", "a cat").setMaxTokens(150).setSchemaSubject("cats-value");
        change.accept(request);
        return request.build();
    }

    private static GenerationRequest record(Consumer<GenerationRequest.Builder> change) {
        return request(request -> change.accept(request.setRecordTopic("cats")));
    }

    @Test
    void theAnswerFitsTheSchemaOfTheSubjectAndIsWrittenAsItsRecord() throws IOException {
        var process = process();
        process.send(0, record(r -> { }));
        run(process, "a");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(process.result("a").getMessage()).isEmpty();
        var written = records(process);
        assertThat(written).hasSize(1);
        var headers = written.getFirst().headers();
        assertThat((byte[]) written.getFirst().key()).isEqualTo("a".getBytes(StandardCharsets.UTF_8));
        assertThat(text(headers.lastHeader(Output.SOURCE_OFFSET).value())).isEqualTo("0");
        assertThat(text(headers.lastHeader(Output.ANSWER).value())).isEqualTo("0");
        var foreign = (Outgoing.Addressed) written.getFirst().value();
        assertThat(foreign.topic()).isEqualTo("cats");
        var cat = read(foreign.bytes(), 77);
        assertThat((int) cat.get("legs")).isBetween(2, 4);
        assertThat(process.result("a").getText()).contains("\"" + cat.get("kind") + "\"");
    }

    @Test
    void aVersionCanBeAskedFor() {
        var process = process();
        process.send(0, request(r -> r.setSchemaVersion(1)));
        run(process, "a");
        assertThat(process.result("a").getText()).matches(".*\"(KITTEN|QUEEN)\".*");
    }

    @Test
    void jsonSchemasOfTheRegistryAreServedToo() {
        var process = process();
        process.send(0, request(r -> r.setSchemaSubject("dogs-value")));
        run(process, "a");
        assertThat(process.result("a").getText()).isIn("\"waf\"", "\"wau\"");
    }

    @Test
    void resumeAndRetryNeverAskAgain() {
        var expected = process();
        expected.send(0, record(r -> { }));
        run(expected, "a");
        var process = process();
        process.send(0, record(r -> { }));
        begin(process);
        process.registryAnswers = false;
        process.subjects.put("cats-value", new StoredSchema(90, "AVRO", "{\"type\": \"string\"}"));
        int asked = process.registryQuestions;
        process.crash();
        run(process, "a");
        assertThat(process.result("a").getText()).isEqualTo(expected.result("a").getText());
        assertThat(((Outgoing.Addressed) records(process).getFirst().value()).bytes())
                .isEqualTo(((Outgoing.Addressed) records(expected).getFirst().value()).bytes());

        process.send(0, record(r -> { }));      // sent again after it has ended
        process.settle();
        assertThat(process.chunks("a").getLast().getRepeat()).isTrue();
        assertThat(records(process)).as("a record is written once").hasSize(1);
        assertThat(process.registryQuestions).isEqualTo(asked);
    }

    @Test
    void whileTheRegistryIsAwayARequestWaitsAlone() {
        var process = process();
        process.registryAnswers = true;
        process.send(0, SimulatedProcess.request("known", "x").setMaxTokens(2).build());
        run(process, "known");
        process.registryAnswers = false;
        process.send(0, request(r -> { }));
        process.send(0, SimulatedProcess.request("free", "x").setMaxTokens(3).setIgnoreEos(true).build());
        run(process, "free");
        process.ticks(500);
        assertThat(process.chunks("a")).isEmpty();
        assertThat(process.stored(0, StoreNames.PARKED)).isEqualTo(1);
        assertThat(process.registryQuestions).as("asked with growing pauses").isLessThan(12);
        process.commit();
        process.crash();
        process.ticks(3);
        assertThat(process.stored(0, StoreNames.PARKED)).as("it is durable").isEqualTo(1);
        process.registryAnswers = true;
        run(process, "a");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void whatWaitsForItsSubjectCanBeCancelledAndSentAgain() {
        var process = process();
        process.registryAnswers = true;
        process.send(0, SimulatedProcess.request("known", "x").setMaxTokens(2).build());
        run(process, "known");
        process.registryAnswers = false;
        process.send(0, request(r -> { }));
        process.ticks(3);
        process.cancel(0, "a");
        run(process, "a");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        process.send(0, request(r -> { }));
        process.settle();
        assertThat(process.chunks("a").getLast().getFinish().getReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(process.deadLetterReasons()).isEmpty();
    }

    @Test
    void aSubjectThatTheRegistryDoesNotHaveMayComeForATime() {
        var process = process();
        process.subjects.remove("cats-value");
        process.send(0, request(r -> { }));
        process.ticks(20);
        assertThat(process.chunks("a")).isEmpty();
        process.subjects.put("cats-value", new StoredSchema(77, "AVRO", CAT));
        run(process, "a");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.STOP);

        process.subjects.remove("dogs-value");
        process.send(0, request(r -> r.setId("b").setSchemaSubject("dogs-value")));
        run(process, "b");
        assertThat(process.result("b").getMessage()).contains("schema_subject 'dogs-value'", "there is no");
    }

    @Test
    void theLatestIsThatOfTheTimeWhenTheRequestIsRead() {
        var process = process();
        process.send(0, request(r -> { }));
        run(process, "a");
        process.subjects.put("cats-value", new StoredSchema(79, "AVRO", "{\"type\": \"boolean\"}"));
        process.send(0, request(r -> r.setId("b")));
        run(process, "b");
        assertThat(process.result("b").getText()).isIn("true", "false");
    }

    @Test
    void whatMayNotBeNamedIsRejected() {
        assertThat(rejection(r -> r.setSchemaSubject("secrets-value")))
                .contains("schema_subject 'secrets-value' may not be named here", "schema-subjects");
        assertThat(rejection(r -> r.setRecordTopic("elsewhere"))).contains("record_topic 'elsewhere' may not be named");
        assertThat(rejection(r -> r.setRecordTopic("test-requests-changelog"))).contains("pipeline's own topics");
        assertThat(rejection(r -> r.setRecordTopic("gone"))).contains("record_topic 'gone' does not exist");
        assertThat(rejection(r -> r.setSchemaSubject("dogs-value").setRecordTopic("cats")))
                .contains("record_topic and schema_subject contradict each other");
        assertThat(rejection(r -> r.setSchemaVersion(0))).contains("schema_version must be at least 1, was 0");
    }

    @Test
    void aSchemaThatNoAnswerCanBeDrawnForIsRejected() {
        var process = process();
        process.subjects.put("cats-value", new StoredSchema(80, "AVRO", "{\"type\": \"fixed\", \"name\": \"Span\", "
                + "\"size\": 12, \"logicalType\": \"duration\"}"));
        process.send(0, request(r -> { }));
        run(process, "a");
        assertThat(process.result("a").getMessage()).contains("schema_subject: the logical type duration");
    }

    private static String rejection(Consumer<GenerationRequest.Builder> change) {
        var process = process();
        process.send(0, request(change));
        run(process, "a");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.REJECTED);
        return process.result("a").getMessage();
    }

    @Test
    void anAnswerThatEndsBeforeItsGrammarDoesWritesNoRecordAndSaysSo() {
        var process = process();
        process.send(0, record(r -> r.setMaxTokens(5)));
        run(process, "a");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(process.result("a").getMessage())
                .isEqualTo("the answer ended before it was complete, so no record was written to cats");
        assertThat(process.result("a").getText()).hasSize(5);
        assertThat(records(process)).isEmpty();
    }

    @Test
    void aTopicThatIsLostMeanwhileCostsTheRecordAndNothingElse() {
        var process = process();
        process.send(0, record(r -> { }));
        process.send(0, SimulatedProcess.request("free", "x").setMaxTokens(200).setIgnoreEos(true).build());
        begin(process);
        process.topics.clear();
        run(process, "a");
        run(process, "free");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(process.result("a").getMessage()).isEqualTo("the record of answer 0 was put on "
                + "generation-dead-letters: record_topic 'cats' does not exist");
        assertThat(process.chunks("a").getLast().getFinish().getMessage()).isEqualTo(process.result("a").getMessage());
        assertThat(records(process)).isEmpty();
        assertThat(process.deadLetterReasons()).containsExactly("record_topic 'cats' does not exist");
        assertThat(process.result("free").getFinishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void aRecordThatIsTooLargeForItsTopicIsPutAside() {
        var process = process();
        process.topics.put("small", 3);
        process.send(0, request(r -> r.setRecordTopic("small")));
        run(process, "a");
        assertThat(process.result("a").getMessage()).contains("'small' takes records of 3 bytes");
        assertThat(process.deadLetterReasons()).hasSize(1);
    }

    @Test
    void eachOfSeveralAnswersIsARecordAlsoAfterACrash() throws IOException {
        var process = process();
        process.send(0, record(r -> r.setAnswers(3)));
        begin(process);
        process.crash();
        run(process, "a");
        var answers = new ArrayList<String>();
        for (var written : records(process)) {
            answers.add(text(written.headers().lastHeader(Output.ANSWER).value()));
            read(((Outgoing.Addressed) written.value()).bytes(), 77);
        }
        assertThat(answers).containsExactly("0", "1", "2");
    }

    private static List<Record<?, ?>> records(SimulatedProcess process) {
        return process.records(PipelineTopology.FOREIGN_SINK);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static GenericRecord read(byte[] framed, int schemaId) throws IOException {
        var frame = ByteBuffer.wrap(framed);
        assertThat(frame.get()).isZero();
        assertThat(frame.getInt()).isEqualTo(schemaId);
        var decoder = DecoderFactory.get().binaryDecoder(framed, 5, framed.length - 5, null);
        GenericRecord record = new GenericDatumReader<GenericRecord>(new Schema.Parser().parse(CAT))
                .read(null, decoder);
        assertThat(decoder.isEnd()).isTrue();
        return record;
    }

    private static void begin(SimulatedProcess process) {
        process.runUntilChunks("a", 1);
        assertThat(process.chunks("a")).isNotEmpty();
        assertThat(process.results("a")).isEmpty();
    }

    private static void run(SimulatedProcess process, String id) {
        process.runUntil(() -> !process.results(id).isEmpty());
        assertThat(process.results(id)).as(id).hasSize(1);
    }
}
