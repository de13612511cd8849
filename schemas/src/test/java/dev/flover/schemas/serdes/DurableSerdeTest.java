package dev.flover.schemas.serdes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.schemas.Alternative;
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
    void newVersionIsFirstReadAndOnlyThenWritten() {
        var first = fields().requiredInt("token_id").requiredFloat("logprob").endRecord();
        var release11 = DurableSerde.of(TokenLogprob.class, first).writing(1);
        var release12 = DurableSerde.of(TokenLogprob.class, first);
        var full = new TokenLogprob(42, -1.5f, List.of(new Alternative(7, -2f)));

        assertThat(release11.encode(full)).isEqualTo(store(1, new GenericRecordBuilder(first)
                .set("token_id", 42).set("logprob", -1.5f).build()));
        assertThat(release12.decode(release11.encode(full))).isEqualTo(RECORD);
        assertThat(release11.decode(release12.encode(full))).isEqualTo(full);
    }

    @Test
    void fieldAddedDeepInTheRecordDoesNotMatter() {
        var onlyIds = SchemaBuilder.record("Alternative").namespace(CURRENT.getNamespace()).fields()
                .requiredInt("token_id").endRecord();
        assertThatThrownBy(() -> DurableSerde.of(TokenLogprob.class, withAlternatives(onlyIds)))
                .as("logprob of Alternative has no default")
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("logprob");

        var longer = SchemaBuilder.record("Alternative").namespace(CURRENT.getNamespace()).fields()
                .requiredInt("token_id").requiredFloat("logprob").optionalString("dropped").endRecord();
        var serde = DurableSerde.of(TokenLogprob.class, withAlternatives(longer));
        var stored = new GenericRecordBuilder(longer).set("token_id", 7).set("logprob", -2f).build();
        var record = new GenericRecordBuilder(withAlternatives(longer)).set("token_id", 42).set("logprob", -1.5f)
                .set("alternatives", List.of(stored)).build();

        assertThat(serde.decode(store(1, record))).isEqualTo(
                new TokenLogprob(42, -1.5f, List.of(new Alternative(7, -2f))));
    }

    @Test
    void versionNotKnownYetIsRefusedWithAdvice() {
        assertThatThrownBy(() -> DurableSerde.of(TokenLogprob.class).decode(new byte[] {2, 0, 0}))
                .isInstanceOf(UndecodableRecordException.class)
                .hasMessageContaining("version from 1 to 1, found version 2")
                .hasMessageContaining("start the release that wrote it");
        assertThatThrownBy(() -> DurableSerde.of(TokenLogprob.class).writing(2))
                .isInstanceOf(IllegalArgumentException.class);
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
    void versionThatOnlyOneSideCouldReadIsRefused() {
        var retyped = fields().requiredString("token_id").requiredFloat("logprob").endRecord();
        var withoutDefault = fields().requiredInt("token_id").endRecord();
        var notDroppable = fields().requiredInt("token_id").requiredFloat("logprob").requiredInt("more").endRecord();
        for (var older : List.of(retyped, withoutDefault, notDroppable)) {
            assertThatThrownBy(() -> DurableSerde.of(TokenLogprob.class, older))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be compatible with the one before, both ways");
        }
    }

    private static Schema withAlternatives(Schema alternative) {
        return fields().requiredInt("token_id").requiredFloat("logprob").name("alternatives").type()
                .array().items(alternative).arrayDefault(List.of()).endRecord();
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
