package dev.flover.schemas.serdes;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Encodes in Avro, without a registry, the records that only this application writes and reads. Each record starts
/// with the fingerprint of its schema; the caller that stores the record also stores the text of that schema, once.
///
/// ```
///   ┌───┬──────────────────────────────┬─────────────────────────────┐
///   │ 2 │ fingerprint of S, 8 bytes    │ Avro binary of S            │
///   ├───┼──────────────────────────────┴─────────────────────────────┤
///   │ 1 │ Avro binary of the form that 0.1's first builds wrote      │   read only
///   └───┴────────────────────────────────────────────────────────────┘
/// ```
///
/// So a release reads the records that older and newer releases stored, and knows whether a field is set that the
/// release lacks: [#decode] then throws, [#decodeKnown] drops the field. Any field with a default may be added, at any
/// depth, without a new version of the form.
///
/// Thread-safe.
///
/// @param <T> a record generated from `src/main/avro`
public final class StoredForm<T extends SpecificRecord> {
    private static final byte FIRST = 1;
    private static final byte NAMED = 2;
    private static final int NAME_END = 1 + Long.BYTES;

    private final Class<T> type;
    private final Schema own;
    private final SchemaText name;
    private final DatumWriter<IndexedRecord> writer;
    /// The reader of version 1; null for a type of record that version 1 did not have.
    private final @Nullable Reading<T> first;
    private final Map<Long, Reading<T>> readings = new ConcurrentHashMap<>();

    /// A reader for records of one writer's schema.
    ///
    /// @param drops whether a record of that schema can set a field that this release lacks
    private record Reading<T>(Schema written, DatumReader<T> reader, boolean drops) {}

    private StoredForm(Class<T> type, Schema own) {
        this.type = type;
        this.own = own;
        name = SchemaText.of(own);
        writer = new SpecificDatumWriter<>(own, SpecificData.getForClass(type));
        var firstForm = firstForm(type);
        first = firstForm == null ? null : reading(firstForm);
        readings.put(name.fingerprint(), reading(own));
    }

    public static <T extends SpecificRecord> StoredForm<T> of(Class<T> type) {
        TrustedRecords.trust();
        return new StoredForm<>(type, SpecificData.get().getSchema(type));
    }

    /// Makes the stored form of a process with another contract: a schema with the same record's fields, some of them
    /// changed.
    StoredForm<T> writtenAs(Schema schema) {
        return new StoredForm<>(type, schema);
    }

    static @Nullable Schema firstForm(Class<?> type) {
        String resource = "/dev/flover/schemas/stored/1/" + type.getSimpleName() + ".avsc";
        try (InputStream text = StoredForm.class.getResourceAsStream(resource)) {
            return text == null ? null : new Schema.Parser().parse(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // the resource is part of this program
        }
    }

    private Reading<T> reading(Schema written) {
        var records = SpecificData.getForClass(type);
        return new Reading<>(written, new SpecificDatumReader<>(written, records.getSchema(type), records),
                UnknownFields.arePossible(written, own));
    }

    /// Returns the schema that records are written with. It is stored itself, once, beside the first record.
    public SchemaText schema() {
        return name;
    }

    public byte[] encode(T record) {
        return encode((IndexedRecord) record);
    }

    /// @param record a record of the schema that this object writes
    byte[] encode(IndexedRecord record) {
        var bytes = new ByteArrayOutputStream();
        try {
            var out = new DataOutputStream(bytes);
            out.writeByte(NAMED);
            out.writeLong(name.fingerprint());
            writer.write(record, EncoderFactory.get().directBinaryEncoder(out, null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
        return bytes.toByteArray();
    }

    /// Decodes a record that any release stored.
    ///
    /// @param schemas returns the text of a stored schema by its fingerprint, or null if it is not stored
    /// @throws NewerFormException         if a field is set that this release lacks, or the record's schema is
    ///                                    not found
    /// @throws UndecodableRecordException if the bytes are not a stored record
    public T decode(byte[] bytes, LongFunction<@Nullable String> schemas) {
        var reading = reading(bytes, schemas);
        if (reading.drops()) {
            var fields = UnknownFields.set(generic(bytes, reading.written()), own);
            if (!fields.isEmpty()) {
                throw new NewerFormException("a stored " + type.getSimpleName() + " sets " + String.join(", ", fields)
                        + ", which this release does not know", fields);
            }
        }
        return read(bytes, reading.reader());
    }

    /// Decodes a record that any release stored, and drops the fields that this release lacks.
    public T decodeKnown(byte[] bytes, LongFunction<@Nullable String> schemas) {
        return read(bytes, reading(bytes, schemas).reader());
    }

    /// Decodes a record and leaves it in the schema of its writer.
    ///
    /// @throws NewerFormException if the record's schema is not found
    public GenericRecord decodeAsWritten(byte[] bytes, LongFunction<@Nullable String> schemas) {
        return generic(bytes, reading(bytes, schemas).written());
    }

    private Reading<T> reading(byte[] bytes, LongFunction<@Nullable String> schemas) {
        if (first != null && bytes.length > 0 && bytes[0] == FIRST) {
            return first;
        }
        if (bytes.length < NAME_END || bytes[0] != NAMED) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName() + " of version "
                    + (first == null ? "" : FIRST + " or ") + NAMED + ", found "
                    + (bytes.length == 0 ? "no bytes" : "version " + bytes[0] + " and " + bytes.length + " bytes")
                    + "; start the release that wrote it, or a newer");
        }
        long fingerprint = ByteBuffer.wrap(bytes).getLong(1);
        var known = readings.get(fingerprint);
        if (known != null) {
            return known;
        }
        String text = schemas.apply(fingerprint);
        if (text == null) {
            throw new NewerFormException("the schema of a stored " + type.getSimpleName() + " cannot be fetched",
                    List.of());
        }
        return readings.computeIfAbsent(fingerprint, added -> reading(new SchemaText(added, text).schema()));
    }

    private T read(byte[] bytes, DatumReader<T> reader) {
        try {
            return reader.read(null, content(bytes));
        } catch (IOException | AvroRuntimeException e) {
            throw damaged(bytes, e);
        }
    }

    private GenericRecord generic(byte[] bytes, Schema written) {
        try {
            return new GenericDatumReader<GenericRecord>(written, written, new GenericData())
                    .read(null, content(bytes));
        } catch (IOException | AvroRuntimeException e) {
            throw damaged(bytes, e);
        }
    }

    private UndecodableRecordException damaged(byte[] bytes, Exception e) {
        return new UndecodableRecordException("expected a stored " + type.getSimpleName() + " of version " + bytes[0]
                + ", found " + bytes.length + " bytes that cannot be read as one", e);
    }

    private static BinaryDecoder content(byte[] bytes) {
        int begin = bytes[0] == FIRST ? 1 : NAME_END;
        return DecoderFactory.get().binaryDecoder(bytes, begin, bytes.length - begin, null);
    }
}
