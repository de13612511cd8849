package dev.flover.schemas.serdes;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/// Avro without a registry, for what this application alone writes and reads: one version byte, then Avro binary.
///
/// ```
///   ┌─────────┬──────────────────────────────┐
///   │ version │ Avro binary of that version  │
///   └─────────┴──────────────────────────────┘
/// ```
///
/// Every released version's schema is given, oldest first, so an upgraded process reads what an older one stored. A
/// version may only append fields, with defaults, to the one before it; therefore a process that is one version behind
/// (a rolling upgrade, a rollback) reads the fields that it knows and leaves the bytes after them.
///
/// Stateless and thread-safe.
///
/// @param <T> a record generated from `src/main/avro`
public final class DurableSerde<T extends SpecificRecord> implements Serde<T> {
    private static final int MAX_VERSIONS = 127;

    private final Class<T> type;
    private final List<Schema> versions;
    private final SpecificData records;

    private DurableSerde(Class<T> type, List<Schema> versions) {
        this.type = type;
        this.versions = versions;
        this.records = SpecificData.getForClass(type);
    }

    /// @param older the schemas of versions 1, 2, ... before the record's own, which is the newest
    public static <T extends SpecificRecord> DurableSerde<T> of(Class<T> type, Schema... older) {
        TrustedRecords.trust();
        var current = SpecificData.get().getSchema(type);
        if (older.length >= MAX_VERSIONS) {
            throw new IllegalArgumentException("at most " + MAX_VERSIONS + " versions, got " + (older.length + 1));
        }
        var versions = Stream.concat(List.of(older).stream(), Stream.of(current));
        return new DurableSerde<>(type, checked(versions.toList()));
    }

    @Override
    public Serializer<T> serializer() {
        return (topic, record) -> record == null ? null : encode(record);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (topic, bytes) -> bytes == null ? null : decode(bytes);
    }

    /// The stored form of a record, in the newest version.
    public byte[] encode(T record) {
        var bytes = new ByteArrayOutputStream();
        bytes.write(versions.size());
        var encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            new SpecificDatumWriter<T>(versions.getLast(), records).write(record, encoder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a stream in memory has no I/O to fail
        }
        return bytes.toByteArray();
    }

    /// The record that some version stored.
    ///
    /// @throws UndecodableRecordException if the bytes are not a stored record, or from a version too new to be read
    public T decode(byte[] bytes) {
        if (bytes.length == 0) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName() + ", found no bytes");
        }
        var writer = schemaOf(bytes[0]);
        BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, 1, bytes.length - 1, null);
        try {
            return new SpecificDatumReader<T>(writer, versions.getLast(), records).read(null, decoder);
        } catch (IOException | AvroRuntimeException e) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName() + " of version "
                    + bytes[0] + ", found " + bytes.length + " bytes that are not one", e);
        }
    }

    /// Records of the next version begin with the fields of this one, so its own schema reads them.
    private Schema schemaOf(byte version) {
        int newest = versions.size();
        if (version < 1 || version > newest + 1) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName()
                    + " of a version from 1 to " + (newest + 1) + ", found version " + version
                    + "; start the release that wrote it");
        }
        return versions.get(Math.min(version, newest) - 1);
    }

    private static List<Schema> checked(List<Schema> versions) {
        for (int i = 1; i < versions.size(); i++) {
            var before = versions.get(i - 1).getFields();
            var after = versions.get(i).getFields();
            if (after.size() < before.size() || !sameEncoding(before, after.subList(0, before.size()))) {
                throw new IllegalArgumentException("version " + (i + 1) + " of " + versions.get(i).getFullName()
                        + " must begin with the fields of version " + i + ", unchanged");
            }
            requireDefaults(after.subList(before.size(), after.size()), i + 1);
        }
        return versions;
    }

    private static boolean sameEncoding(List<Schema.Field> before, List<Schema.Field> after) {
        for (int i = 0; i < before.size(); i++) {
            if (!before.get(i).name().equals(after.get(i).name())
                    || !canonical(before.get(i)).equals(canonical(after.get(i)))) {
                return false;
            }
        }
        return true;
    }

    /// What the encoding depends on: docs, defaults and Java's own properties left out.
    private static String canonical(Schema.Field field) {
        return SchemaNormalization.toParsingForm(field.schema());
    }

    private static void requireDefaults(List<Schema.Field> appended, int version) {
        for (var field : appended) {
            if (!field.hasDefaultValue()) {
                throw new IllegalArgumentException("field " + field.name() + ", new in version " + version
                        + ", must have a default");
            }
        }
    }
}
