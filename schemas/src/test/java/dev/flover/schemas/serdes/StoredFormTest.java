package dev.flover.schemas.serdes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.schemas.EndedRequest;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.StoredAttempts;
import dev.flover.schemas.StoredHeader;
import dev.flover.schemas.StoredProgress;
import dev.flover.schemas.StoredRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class StoredFormTest {
    private static final StoredForm<StoredRequest> REQUESTS = StoredForm.of(StoredRequest.class);
    private static final GenerationRequest REQUEST = GenerationRequest.newBuilder().setId("r").setPrompt("Once")
            .setMaxTokens(9).setSampling(Sampling.newBuilder().setTemperature(0.5f).build()).build();

    private final Map<Long, String> schemas = new HashMap<>();

    private static StoredRequest.Builder stored() {
        return StoredRequest.newBuilder().setRequest(REQUEST).setPromptIds(List.of(1, 2)).setArrival(3)
                .setRequestedAt(4).setReadAt(5).setDigest(ByteBuffer.wrap(new byte[16]));
    }

    @Test
    void aRecordComesBackBehindTheNameOfItsSchema() {
        byte[] bytes = REQUESTS.encode(stored().build());

        assertThat(bytes[0]).isEqualTo((byte) 2);
        assertThat(ByteBuffer.wrap(bytes).getLong(1)).isEqualTo(REQUESTS.schema().fingerprint());
        assertThat(REQUESTS.decode(bytes, schemas::get)).isEqualTo(stored().build());
        assertThat(REQUESTS.schema().text()).doesNotContain("\"doc\"").doesNotContain("avro.java.string");
    }

    @Test
    void theFirstFormIsReadWithDefaults() throws IOException {
        var first = StoredForm.firstForm(StoredRequest.class);
        var bytes = new ByteArrayOutputStream();
        bytes.write(1);
        var record = new GenericData.Record(first);
        for (var field : first.getFields()) {
            record.put(field.name(), stored().build().get(field.name()));
        }
        new SpecificDatumWriter<IndexedRecord>(first)
                .write(record, EncoderFactory.get().directBinaryEncoder(bytes, null));

        assertThat(REQUESTS.decode(bytes.toByteArray(), schemas::get)).isEqualTo(stored().build());
    }

    /// Fields that later releases may store: marks by name, the text or id of a resolved schema, the id of a
    /// process.
    @Test
    void fieldsOfLaterReleasesNeedNoOtherVersion() {
        var map = "{\"type\":\"map\",\"values\":\"bytes\"}";
        assertGrows(stored().build(), REQUESTS, "marks", map, "{}", Map.of("a", ByteBuffer.wrap(new byte[3])));
        assertGrows(stored().build(), REQUESTS, "schema_text", "[\"null\",\"string\"]", "null", "{}");
        assertGrows(stored().build(), REQUESTS, "schema_id", "[\"null\",\"int\"]", "null", 7);
        assertGrows(new StoredProgress(List.of(1), null, null, null, null), StoredForm.of(StoredProgress.class),
                "state", "[\"null\",\"bytes\"]", "null", ByteBuffer.wrap(new byte[2]));
        assertGrows(new StoredAttempts(1, 0), StoredForm.of(StoredAttempts.class), "process", "[\"null\",\"long\"]",
                "null", 17L);
    }

    /// The release before headers came back leaves a request with headers to others, and reads every other request.
    @Test
    void aReleaseWithoutHeadersLeavesARequestWithHeadersToOthers() {
        var own = StoredRequest.getClassSchema();
        var fields = own.getFields().stream().filter(field -> !field.name().equals("headers"))
                .map(field -> new Schema.Field(field, field.schema())).toList();
        var older = REQUESTS.writtenAs(
                Schema.createRecord(own.getName(), own.getDoc(), own.getNamespace(), false, fields));
        schemas.put(REQUESTS.schema().fingerprint(), REQUESTS.schema().text());
        var traced = stored().setTraceparent("00-ab").build();
        var header = new StoredHeader("tracestate", ByteBuffer.wrap(new byte[] {1}));

        assertThat(older.decode(REQUESTS.encode(traced), schemas::get)).isEqualTo(traced);
        byte[] set = REQUESTS.encode(stored().setHeaders(List.of(header)).build());
        assertThatThrownBy(() -> older.decode(set, schemas::get)).isInstanceOf(NewerFormException.class)
                .hasMessageContaining("sets headers");
    }

    private <T extends SpecificRecord> void assertGrows(
            T record, StoredForm<T> today, String field, String type, String byDefault, Object value) {
        var later = today.writtenAs(with(record.getSchema(), field, type, byDefault));
        var unset = grown(record, field, type, byDefault);
        schemas.put(later.schema().fingerprint(), later.schema().text());
        schemas.put(today.schema().fingerprint(), today.schema().text());

        assertThat(later.decode(today.encode(record), schemas::get)).as("the later one reads today's")
                .isEqualTo(record);
        assertThat(today.decode(later.encode(unset), schemas::get)).as("today's reads one unset").isEqualTo(record);
        unset.put(field, value);
        byte[] set = later.encode(unset);
        assertThat(later.decodeAsWritten(set, schemas::get).get(field)).hasToString(unset.get(field).toString());
        assertThatThrownBy(() -> today.decode(set, schemas::get)).isInstanceOf(NewerFormException.class)
                .hasMessageContaining("sets " + field);
        assertThat(today.decodeKnown(set, schemas::get)).isEqualTo(record);
    }

    @Test
    void aFieldSetDeepInTheRequestIsNamed() {
        var contract = with(GenerationRequest.getClassSchema(), "style", "[\"null\",\"string\"]", "null");
        var deep = new Schema.Parser().parse(contract.toString().replace("{\"name\":\"top_k\"",
                "{\"name\":\"tilt\",\"type\":\"float\",\"default\":0.5},{\"name\":\"top_k\""));
        var release = RequestContract.of(deep, RequestContract::request);
        var said = new GenericData.Record(deep);
        deep.getFields().forEach(field -> said.put(field.name(), field.hasDefaultValue()
                ? GenericData.get().getDefaultValue(field) : "r"));
        ((GenericRecord) said.get("sampling")).put("tilt", 0.25f);
        var read = release.read(said);
        byte[] bytes = release.encode(stored().setRequest(read.request()).build(), read);
        schemas.put(release.storedSchema().fingerprint(), release.storedSchema().text());

        assertThatThrownBy(() -> REQUESTS.decode(bytes, schemas::get)).isInstanceOfSatisfying(
                NewerFormException.class, e -> assertThat(e.fields()).containsExactly("request.sampling.tilt"));
        assertThat(release.decode(bytes, schemas::get).getRequest().getId()).isEqualTo("r");
        assertThat(RequestContract.ofThisRelease().read(said).unknown()).containsExactly("sampling.tilt");
        assertThat(REQUESTS.decodeAsWritten(bytes, schemas::get).get("digest")).isEqualTo(stored().getDigest());
    }

    @Test
    void whatCannotBeReadIsRefusedWithAdvice() {
        byte[] foreign = REQUESTS.encode(stored().build());
        foreign[5]++;
        assertThatThrownBy(() -> REQUESTS.decode(foreign, schemas::get)).isInstanceOf(NewerFormException.class)
                .hasMessageContaining("schema");
        assertThatThrownBy(() -> REQUESTS.decode(new byte[] {3, 0, 0}, schemas::get))
                .isInstanceOf(UndecodableRecordException.class)
                .hasMessageContaining("version 1 or 2, found version 3")
                .hasMessageContaining("start the release that wrote it");
        for (byte[] damaged : List.of(new byte[0], new byte[] {1, 2}, new byte[] {2, 2}, new byte[] {0, 2})) {
            assertThatThrownBy(() -> REQUESTS.decode(damaged, schemas::get))
                    .isInstanceOf(UndecodableRecordException.class);
        }
    }

    @Test
    void aRecordThatTheFirstBuildsDidNotHaveHasOneVersion() {
        assertThatThrownBy(() -> StoredForm.of(ModelOrder.class).decode(new byte[] {3, 1, 2}, schemas::get))
                .hasMessageContaining("expected a stored ModelOrder of version 2, found version 3");
    }

    @Test
    void anEndedIdTakesLessThanAHundredBytes() {
        var ended = EndedRequest.newBuilder().setDigest(ByteBuffer.wrap(new byte[16]))
                .setForgetAt(1_900_000_000_000L).build();
        int id = 36;

        assertThat(StoredForm.of(EndedRequest.class).encode(ended).length + id).isLessThan(100);
    }

    private static Schema with(Schema record, String field, String type, String byDefault) {
        String fields = record.toString();
        int end = fields.lastIndexOf("]");
        String added = ",{\"name\":\"" + field + "\",\"type\":" + type + ",\"default\":" + byDefault + "}";
        return new Schema.Parser().parse(fields.substring(0, end) + added + fields.substring(end));
    }

    private static GenericRecord grown(IndexedRecord record, String field, String type, String byDefault) {
        var schema = with(record.getSchema(), field, type, byDefault);
        var grown = new GenericData.Record(schema);
        record.getSchema().getFields().forEach(known -> grown.put(known.name(), record.get(known.pos())));
        grown.put(field, GenericData.get().getDefaultValue(schema.getField(field)));
        return grown;
    }
}
