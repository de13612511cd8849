package dev.flover.schemas.serdes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.ChatMessage;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.junit.jupiter.api.Test;

class ContentFormTest {
    private static final Schema TODAY = GenerationRequest.getClassSchema();

    private static GenerationRequest.Builder request() {
        TrustedRecords.trust();
        return GenerationRequest.newBuilder().setId("r").setPrompt("Once").setSeed(7L)
                .setSampling(Sampling.newBuilder().setTemperature(0.5f).build());
    }

    @Test
    void aFieldWithADefaultMoreOrLessChangesNothing() {
        byte[] expected = ContentForm.of(request().build());

        for (String more : List.of("{\"name\":\"style\",\"type\":[\"null\",\"string\"],\"default\":null}",
                "{\"name\":\"depth\",\"type\":\"int\",\"default\":3}",
                "{\"name\":\"hints\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[]}")) {
            var grown = changed(schema -> schema.replace("{\"name\":\"echo\"", more + ",{\"name\":\"echo\""));
            assertThat(ContentForm.of(in(grown))).as(more).isEqualTo(expected);
        }
        var deeper = changed(schema -> schema.replace("{\"name\":\"top_k\"",
                "{\"name\":\"tilt\",\"type\":\"float\",\"default\":0.5},{\"name\":\"top_k\""));
        assertThat(ContentForm.of(in(deeper))).as("in sampling").isEqualTo(expected);
        var shorter = changed(schema -> schema.replaceFirst("\\{\"name\":\"echo\"[^}]*\\},", ""));
        assertThat(shorter.getField("echo")).isNull();
        assertThat(ContentForm.of(in(shorter))).as("one fewer").isEqualTo(expected);
    }

    @Test
    void theOrderOfFieldsAndOfAMapChangesNothing() {
        var ab = new LinkedHashMap<String, String>(Map.of("a", "1"));
        ab.put("b", "2");
        var ba = new LinkedHashMap<String, String>(Map.of("b", "2"));
        ba.put("a", "1");

        assertThat(ContentForm.of(request().setMetadata(ab).build()))
                .isEqualTo(ContentForm.of(request().setMetadata(ba).build()));
    }

    @Test
    void whateverIsSaidCounts() {
        var all = List.of(request().build(), request().setSeed(8L).build(), request().setSeed(null).build(),
                request().setPrompt("Twice").build(), request().setPrompt("").build(), request().setEcho(true).build(),
                request().setPromptIds(List.of()).build(), request().setPromptIds(List.of(1, 2)).build(),
                request().setPromptIds(List.of(12)).build(), request().setMetadata(Map.of("a", "bc")).build(),
                request().setMetadata(Map.of("ab", "c")).build(), request().setStop(List.of("a", "b")).build(),
                request().setStop(List.of("ab")).build(), request().setTenant("Once").build(),
                request().setMessages(List.of(ChatMessage.newBuilder().setRole("").setContent("").build())).build(),
                request().setMessages(List.of()).build(),
                request().setSampling(Sampling.newBuilder().setTopP(0.5f).build()).build(),
                request().setSampling(Sampling.newBuilder().build()).build());

        assertThat(all.stream().map(request -> Arrays.toString(ContentForm.of(request))).distinct())
                .hasSize(all.size());
    }

    /// The bytes go into stored digests: with another order or another type mark, each retry of a request would count
    /// as a conflict.
    @Test
    void theFormIsThis() {
        var request = GenerationRequest.newBuilder().setId("r").setSeed(7L)
                .setSampling(Sampling.newBuilder().setTemperature(0.5f).build()).build();

        assertThat(new String(ContentForm.of(request), StandardCharsets.ISO_8859_1)).isEqualTo(
                "R\0\0\0\3"
                + "S\0\0\0\2id" + "S\0\0\0\1r"
                + "S\0\0\0\10sampling" + "R\0\0\0\1" + "S\0\0\0\13temperature" + "F\77\340\0\0\0\0\0\0"
                + "S\0\0\0\4seed" + "I\0\0\0\0\0\0\0\7");
    }

    private static Schema changed(UnaryOperator<String> change) {
        var changed = new Schema.Parser().parse(change.apply(TODAY.toString()));
        assertThat(changed).isNotEqualTo(TODAY);
        return changed;
    }

    /// Returns the request converted to another schema, with defaults for the fields that the request does not have.
    private static IndexedRecord in(Schema schema) {
        return filled(schema, request().build());
    }

    private static GenericRecord filled(Schema schema, IndexedRecord from) {
        var record = new GenericData.Record(schema);
        for (var field : schema.getFields()) {
            var known = from.getSchema().getField(field.name());
            var value = known == null ? GenericData.get().getDefaultValue(field) : from.get(known.pos());
            record.put(field.name(), value instanceof Sampling inner ? filled(field.schema(), inner) : value);
        }
        return record;
    }
}
