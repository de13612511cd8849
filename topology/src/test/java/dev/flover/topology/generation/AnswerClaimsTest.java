package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.topology.avro.AvroAnswers;
import dev.flover.topology.avro.AvroJsonSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.junit.jupiter.api.Test;

/// Constrained answers of a model with random weights, checked by other implementations: networknt's JSON Schema
/// validator, and Avro's reader.
class AnswerClaimsTest {
    private static final int SCHEMAS = 50;
    private static final int AVRO_SCHEMAS = 20;
    private static final int ANSWERS_EACH = Integer.getInteger("flover.claims", 1) * 20;
    private static final int RECORDS_EACH = Integer.getInteger("flover.claims", 1) * 50;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void aThousandAnswersUnderFiftySchemasAreAcceptedByAnotherValidator() throws JsonProcessingException {
        var schemas = new ArrayList<String>();
        for (var schema : read("answer-schemas.json")) {
            schemas.add(schema.toString());
        }
        assertThat(schemas).hasSize(SCHEMAS);
        List<ConstraintSource> sources = new ArrayList<>();
        schemas.forEach(schema -> sources.add(new ConstraintSource.JsonSchema(schema, false)));
        var answers = Drawn.answers(sources, ANSWERS_EACH);
        var factory = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
        var config = SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
        for (int i = 0; i < SCHEMAS; i++) {
            var validator = factory.getSchema(schemas.get(i), config);
            assertThat(answers.get(i)).hasSize(ANSWERS_EACH);
            for (String answer : answers.get(i)) {
                assertThat(validator.validate(answer, InputFormat.JSON)).as("%s under %s", answer, schemas.get(i))
                        .isEmpty();
            }
        }
    }

    @Test
    void aThousandRecordsUnderTwentySchemasAreReadBackByAvro() throws IOException {
        var schemas = new ArrayList<Schema>();
        for (var schema : read("answer-schemas-avro.json")) {
            schemas.add(new Schema.Parser().parse(schema.toString()));
        }
        assertThat(schemas).hasSize(AVRO_SCHEMAS);
        List<ConstraintSource> sources = new ArrayList<>();
        schemas.forEach(schema -> sources.add(new ConstraintSource.JsonSchema(AvroJsonSchema.of(schema), false)));
        var answers = Drawn.answers(sources, RECORDS_EACH);
        for (int i = 0; i < AVRO_SCHEMAS; i++) {
            var schema = schemas.get(i);
            var records = new AvroAnswers(schema, 7);
            for (String answer : answers.get(i)) {
                byte[] framed = records.encode(answer);
                var decoder = DecoderFactory.get().binaryDecoder(framed, 5, framed.length - 5, null);
                Object read = new GenericDatumReader<>(schema).read(null, decoder);
                assertThat(decoder.isEnd()).as(answer).isTrue();
                assertThat(GenericData.get().validate(schema, read)).as(answer).isTrue();
            }
        }
    }

    private static Iterable<JsonNode> read(String name) throws JsonProcessingException {
        try (var file = AnswerClaimsTest.class.getResourceAsStream(name)) {
            return JSON.readTree(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
