package dev.flover.schemas.serdes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.schemas.TokenLogprob;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;

/// TokenLogprob stands for a stored record: `token_id`, `logprob`, and `alternatives` with a default.
class DurableSerdeTest {
    private static final Schema CURRENT = TokenLogprob.getClassSchema();
    private static final TokenLogprob RECORD = new TokenLogprob(42, -1.5f, List.of());

    @Test
    void recordComesBackBehindItsVersion() {
        var serde = DurableSerde.of(TokenLogprob.class);

        byte[] bytes = serde.encode(RECORD);

        assertThat(bytes[0]).isEqualTo((byte) 1);
        assertThat(serde.decode(bytes)).isEqualTo(RECORD);
        assertThat(serde.deserializer().deserialize("t", serde.serializer().serialize("t", RECORD))).isEqualTo(RECORD);
    }

    @Test
    void nullStaysNull() {
        var serde = DurableSerde.of(TokenLogprob.class);
        assertThat(serde.serializer().serialize("t", null)).isNull();
        assertThat(serde.deserializer().deserialize("t", null)).isNull();
    }

    @Test
    void olderVersionIsReadWithDefaults() {
        var first = fields().requiredInt("token_id").requiredFloat("logprob").endRecord();
        byte[] stored = store(1, new GenericRecordBuilder(first).set("token_id", 42).set("logprob", -1.5f).build());

        var serde = DurableSerde.of(TokenLogprob.class, first);

        assertThat(serde.decode(stored)).isEqualTo(RECORD);
        assertThat(serde.encode(RECORD)[0]).isEqualTo((byte) 2);
    }

    @Test
    void versionOneAheadIsReadByTheFieldsKnownHere() {
        var ahead = new Schema.Parser().parse(CURRENT.toString().replaceFirst(
                "]}$", ",{\"name\":\"reason\",\"type\":\"string\",\"default\":\"\"}]}"));
        byte[] stored = store(2, new GenericRecordBuilder(ahead)
                .set("token_id", 42).set("logprob", -1.5f).set("alternatives", List.of()).set("reason", "x").build());

        assertThat(DurableSerde.of(TokenLogprob.class).decode(stored)).isEqualTo(RECORD);
    }

    @Test
    void versionTwoAheadIsRefusedWithAdvice() {
        assertThatThrownBy(() -> DurableSerde.of(TokenLogprob.class).decode(new byte[] {3, 0, 0}))
                .isInstanceOf(UndecodableRecordException.class)
                .hasMessageContaining("version from 1 to 2, found version 3")
                .hasMessageContaining("start the release that wrote it");
    }

    @Test
    void damagedBytesAreRefused() {
        var serde = DurableSerde.of(TokenLogprob.class);
        assertThatThrownBy(() -> serde.decode(new byte[0])).isInstanceOf(UndecodableRecordException.class);
        assertThatThrownBy(() -> serde.decode(new byte[] {1, 2})).isInstanceOf(UndecodableRecordException.class);
        assertThatThrownBy(() -> serde.decode(new byte[] {0, 2})).isInstanceOf(UndecodableRecordException.class);
        assertThatThrownBy(() -> serde.decode(new byte[] {-1, 2})).isInstanceOf(UndecodableRecordException.class);
    }

    @Test
    void versionThatDoesNotBeginWithTheOneBeforeIsRefused() {
        var renamed = fields().requiredInt("id").requiredFloat("logprob").endRecord();
        var retyped = fields().requiredLong("token_id").requiredFloat("logprob").endRecord();
        var longer = fields().requiredInt("token_id").requiredFloat("logprob").requiredString("a").requiredInt("b")
                .endRecord();
        for (var older : new Schema[] {renamed, retyped, longer}) {
            assertThatThrownBy(() -> DurableSerde.of(TokenLogprob.class, older))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must begin with the fields of version 1");
        }
    }

    @Test
    void newFieldWithoutDefaultIsRefused() {
        var older = fields().requiredInt("token_id").endRecord();
        assertThatThrownBy(() -> DurableSerde.of(TokenLogprob.class, older))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("logprob");
    }

    private static SchemaBuilder.FieldAssembler<Schema> fields() {
        return SchemaBuilder.record(CURRENT.getName()).namespace(CURRENT.getNamespace()).fields();
    }

    private static byte[] store(int version, GenericRecord record) {
        var bytes = new ByteArrayOutputStream();
        bytes.write(version);
        var encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }
}
