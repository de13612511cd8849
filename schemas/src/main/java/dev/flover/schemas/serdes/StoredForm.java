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

/// Avro without a registry, for what this application alone writes and reads. A record names the schema it was written
/// with; whoever stores it stores that schema's text beside it, once.
///
/// ```
///   ┌───┬──────────────────────────────┬─────────────────────────────┐
///   │ 2 │ fingerprint of S, 8 bytes    │ Avro binary of S            │
///   ├───┼──────────────────────────────┴─────────────────────────────┤
///   │ 1 │ Avro binary of the form that 0.1's first builds wrote      │   read only
///   └───┴────────────────────────────────────────────────────────────┘
/// ```
///
/// So a release reads what older and newer ones stored, and knows whether something is set that it has no field for:
/// [#decode] refuses then, [#decodeKnown] drops it. Any field with a default may be added, however deep, without
/// another version.
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
    /// Null for a record that the first builds did not have.
    private final Reading<T> first;
    private final Map<Long, Reading<T>> readings = new ConcurrentHashMap<>();

    /// How records of one writer are read.
    ///
    /// @param drops whether they can say something that there is no field for
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

    /// The same for a process with another contract: a schema that has the record's fields, some of them other ones.
    StoredForm<T> writtenAs(Schema schema) {
        return new StoredForm<>(type, schema);
    }

    static Schema firstForm(Class<?> type) {
        String resource = "/dev/flover/schemas/stored/1/" + type.getSimpleName() + ".avsc";
        try (InputStream text = StoredForm.class.getResourceAsStream(resource)) {
            return text == null ? null : new Schema.Parser().parse(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // it is part of this program
        }
    }

    private Reading<T> reading(Schema written) {
        var records = SpecificData.getForClass(type);
        return new Reading<>(written, new SpecificDatumReader<>(written, records.getSchema(type), records),
                UnknownFields.arePossible(written, own));
    }

    /// The schema that records are written with, to be stored beside the first of them.
    public SchemaText schema() {
        return name;
    }

    public byte[] encode(T record) {
        return encode((IndexedRecord) record);
    }

    /// @param record in the schema that this writes
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

    /// The record that some release stored.
    ///
    /// @param schemas texts of the schemas stored beside it, by fingerprint; null for one that is not there
    /// @throws NewerFormException         if a field is set that is not known here, or the schema is not to be had
    /// @throws UndecodableRecordException if the bytes are not a stored record
    public T decode(byte[] bytes, LongFunction<String> schemas) {
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

    /// The same, without what is not known here.
    public T decodeKnown(byte[] bytes, LongFunction<String> schemas) {
        return read(bytes, reading(bytes, schemas).reader());
    }

    /// The record as it was written.
    ///
    /// @throws NewerFormException if its schema is not to be had
    public GenericRecord decodeAsWritten(byte[] bytes, LongFunction<String> schemas) {
        return generic(bytes, reading(bytes, schemas).written());
    }

    private Reading<T> reading(byte[] bytes, LongFunction<String> schemas) {
        if (first != null && bytes.length > 0 && bytes[0] == FIRST) {
            return first;
        }
        if (bytes.length < NAME_END || bytes[0] != NAMED) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName() + " of version " + FIRST
                    + " or " + NAMED + ", found " + (bytes.length == 0 ? "no bytes" : "version " + bytes[0] + " and "
                    + bytes.length + " bytes") + "; start the release that wrote it, or a newer");
        }
        long fingerprint = ByteBuffer.wrap(bytes).getLong(1);
        var known = readings.get(fingerprint);
        if (known != null) {
            return known;
        }
        String text = schemas.apply(fingerprint);
        if (text == null) {
            throw new NewerFormException("the schema of a stored " + type.getSimpleName() + " is not to be had",
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
                + ", found " + bytes.length + " bytes that are not one", e);
    }

    private static BinaryDecoder content(byte[] bytes) {
        int begin = bytes[0] == FIRST ? 1 : NAME_END;
        return DecoderFactory.get().binaryDecoder(bytes, begin, bytes.length - begin, null);
    }
}
