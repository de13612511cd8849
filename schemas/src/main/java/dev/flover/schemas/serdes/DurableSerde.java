package dev.flover.schemas.serdes;

import static org.apache.avro.SchemaCompatibility.checkReaderWriterCompatibility;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
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
///
///   release     writes   reads
///   1.0         1        1
///   1.1         1        1, 2      knows the new version, and is still read by 1.0
///   1.2         2        1, 2      and is read by 1.1
/// ```
///
/// The schema of every version is given, oldest first, so a process reads what an older one stored. For one release a
/// new version is only read ([#writing]); so neighbouring releases always read each other's state, in a rolling upgrade
/// as after a rollback, however deep in the record a field was added.
///
/// Stateless and thread-safe.
///
/// @param <T> a record generated from `src/main/avro`
public final class DurableSerde<T extends SpecificRecord> implements Serde<T> {
    private static final int MAX_VERSIONS = 127;

    private final Class<T> type;
    private final List<Schema> versions;
    private final int written;
    /// By version, from 1 on: to resolve two schemas takes longer than to read a record.
    private final List<DatumReader<T>> readers;
    private final DatumWriter<T> writer;

    private DurableSerde(Class<T> type, List<Schema> versions, int written) {
        this.type = type;
        this.versions = versions;
        this.written = written;
        var records = SpecificData.getForClass(type);
        var newest = versions.getLast();
        readers = versions.stream()
                .<DatumReader<T>>map(version -> new SpecificDatumReader<>(version, newest, records)).toList();
        writer = new SpecificDatumWriter<>(newest, records);
    }

    /// A serde that writes the newest version.
    ///
    /// @param older the schemas of versions 1, 2, ... before the record's own, which is the newest
    public static <T extends SpecificRecord> DurableSerde<T> of(Class<T> type, Schema... older) {
        TrustedRecords.trust();
        var versions = Stream.concat(Stream.of(older), Stream.of(SpecificData.get().getSchema(type))).toList();
        if (versions.size() > MAX_VERSIONS) {
            throw new IllegalArgumentException("at most " + MAX_VERSIONS + " versions, got " + versions.size());
        }
        for (int i = 1; i < versions.size(); i++) {
            requireCompatible(versions.get(i - 1), versions.get(i), i + 1);
        }
        return new DurableSerde<>(type, versions, versions.size());
    }

    /// The same serde, writing a given version: the one before the newest, for the release that introduces the newest.
    public DurableSerde<T> writing(int version) {
        if (version < 1 || version > versions.size()) {
            throw new IllegalArgumentException("version must be from 1 to " + versions.size() + ", was " + version);
        }
        return new DurableSerde<>(type, versions, version);
    }

    @Override
    public Serializer<T> serializer() {
        return (topic, record) -> record == null ? null : encode(record);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (topic, bytes) -> bytes == null ? null : decode(bytes);
    }

    /// The stored form of a record.
    public byte[] encode(T record) {
        var newest = binary(writer, record, versions.size());
        if (written == versions.size()) {
            return newest;
        }
        try {
            var older = versions.get(written - 1);
            var reader = new GenericDatumReader<>(versions.getLast(), older);
            return binary(new GenericDatumWriter<>(older), reader.read(null, afterVersion(newest)), written);
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
    }

    /// The record that some version stored.
    ///
    /// @throws UndecodableRecordException if the bytes are not a stored record, or of a version not known here
    public T decode(byte[] bytes) {
        if (bytes.length == 0) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName() + ", found no bytes");
        }
        int version = bytes[0];
        if (version < 1 || version > versions.size()) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName()
                    + " of a version from 1 to "
                    + versions.size() + ", found version " + version + "; start the release that wrote it, or a newer");
        }
        try {
            return readers.get(version - 1).read(null, afterVersion(bytes));
        } catch (IOException | AvroRuntimeException e) {
            throw new UndecodableRecordException("expected a stored " + type.getSimpleName() + " of version " + version
                    + ", found " + bytes.length + " bytes that are not one", e);
        }
    }

    private static <R> byte[] binary(DatumWriter<R> writer, R record, int version) {
        var bytes = new ByteArrayOutputStream();
        bytes.write(version);
        try {
            writer.write(record, EncoderFactory.get().directBinaryEncoder(bytes, null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
        return bytes.toByteArray();
    }

    private static BinaryDecoder afterVersion(byte[] bytes) {
        return DecoderFactory.get().binaryDecoder(bytes, 1, bytes.length - 1, null);
    }

    private static void requireCompatible(Schema before, Schema after, int version) {
        for (var pair : List.of(checkReaderWriterCompatibility(after, before),
                checkReaderWriterCompatibility(before, after))) {
            if (pair.getType() != SchemaCompatibilityType.COMPATIBLE) {
                throw new IllegalArgumentException("version " + version + " of " + after.getFullName()
                        + " must be compatible with the one before, both ways: "
                        + pair.getResult().getIncompatibilities());
            }
        }
    }
}
