package dev.flover.schemas.serdes;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredRequest;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/// The fields of a request that a process knows. With it, requests are read and stored without losing any field, also
/// those that the process does not know.
///
/// Each release has one contract, the schema of its generated records. Tests make a second contract, which stands for
/// another release, so that both releases can run side by side.
public final class RequestContract {
    private static final String REQUEST = "request";
    private static final int SCHEMAS_KEPT = 1000;

    private final Schema schema;
    private final @Nullable Function<GenericRecord, GenerationRequest> meaning;
    private final StoredForm<StoredRequest> stored;

    private RequestContract(
            Schema schema, @Nullable Function<GenericRecord, GenerationRequest> meaning,
            StoredForm<StoredRequest> stored) {
        this.schema = schema;
        this.meaning = meaning;
        this.stored = stored;
    }

    public static RequestContract ofThisRelease() {
        return new RequestContract(GenerationRequest.getClassSchema(), null, StoredForm.of(StoredRequest.class));
    }

    /// Makes the contract of another release.
    ///
    /// @param schema  that release's schema of a request, with other fields than this release
    /// @param meaning converts a record of that schema to a request in the fields of this release
    public static RequestContract of(Schema schema, Function<GenericRecord, GenerationRequest> meaning) {
        return new RequestContract(schema, meaning,
                StoredForm.of(StoredRequest.class).writtenAs(storedSchema(schema)));
    }

    private static Schema storedSchema(Schema request) {
        var own = StoredRequest.getClassSchema();
        var fields = new ArrayList<Schema.Field>();
        for (var field : own.getFields()) {
            fields.add(field.name().equals(REQUEST)
                    ? new Schema.Field(REQUEST, request, field.doc())
                    : new Schema.Field(field, field.schema()));
        }
        return Schema.createRecord(own.getName(), own.getDoc(), own.getNamespace(), false, fields);
    }

    /// @param written a request in the schema of its writer
    public ReadRequest read(IndexedRecord written) {
        List<String> unknown = written.getSchema().equals(schema) ? List.of() : UnknownFields.set(written, schema);
        if (meaning == null) {
            var request = written instanceof GenerationRequest own ? own : request(written);
            return new ReadRequest(request, unknown.isEmpty() ? request : written, unknown);
        }
        var known = resolved(written);
        return new ReadRequest(meaning.apply(known), unknown.isEmpty() ? known : written, unknown);
    }

    /// Makes a deserializer for requests in the registry's wire format.
    public Deserializer<ReadRequest> deserializer(Map<String, ?> clientProperties, SchemaRegistryClient registry) {
        var own = ContractSerde.of(GenerationRequest.class, clientProperties, registry).deserializer();
        var generic = ContractSerde.asWritten(GenerationRequest.class.getSimpleName(), clientProperties, registry);
        Set<Integer> wholly = ConcurrentHashMap.newKeySet();
        return (topic, bytes) -> {
            var request = own.deserialize(topic, bytes);
            if (meaning == null && wholly.contains(schemaOf(bytes))) {
                return ReadRequest.of(request);
            }
            var written = generic.deserialize(topic, bytes);
            if (!UnknownFields.arePossible(written.getSchema(), schema)) {
                if (wholly.size() > SCHEMAS_KEPT) {
                    wholly.clear();
                }
                wholly.add(schemaOf(bytes));
                return meaning == null ? ReadRequest.of(request) : read(written);
            }
            return read(written);
        };
    }

    private static int schemaOf(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getInt(1);
    }

    /// Returns the schema that stored requests are written with. It is stored itself, once, beside the first such
    /// request.
    public SchemaText storedSchema() {
        return stored.schema();
    }

    /// Encodes a stored request with all its fields, also those that this process does not know.
    public byte[] encode(StoredRequest record, ReadRequest read) {
        if (meaning == null) {
            return stored.encode(record);
        }
        var generic = new GenericData.Record(storedSchema(schema));
        record.getSchema().getFields().forEach(field -> generic.put(field.name(), record.get(field.pos())));
        generic.put(REQUEST, read.said());
        return stored.encode(generic);
    }

    /// @param schemas returns the text of a stored schema by its fingerprint
    /// @throws NewerFormException if the request sets a field that this process does not know
    public StoredRequest decode(byte[] bytes, LongFunction<String> schemas) {
        var record = stored.decode(bytes, schemas);
        if (meaning != null) {
            var said = (GenericRecord) stored.decodeAsWritten(bytes, schemas).get(REQUEST);
            record.put(REQUEST, meaning.apply(resolved(said)));
        }
        return record;
    }

    /// Reads a stored request with all its fields, so that it can be stored again.
    ///
    /// @throws NewerFormException if the request sets a field that this process does not know
    public ReadRequest said(byte[] bytes, LongFunction<String> schemas) {
        var request = decode(bytes, schemas).getRequest();
        return meaning == null
                ? ReadRequest.of(request)
                : read((GenericRecord) stored.decodeAsWritten(bytes, schemas).get(REQUEST));
    }

    /// Decodes a stored request and leaves it in the schema of its writer.
    public GenericRecord decodeAsWritten(byte[] bytes, LongFunction<String> schemas) {
        return stored.decodeAsWritten(bytes, schemas);
    }

    private GenericRecord resolved(IndexedRecord written) {
        try {
            return new GenericDatumReader<GenericRecord>(written.getSchema(), schema)
                    .read(null, DecoderFactory.get().binaryDecoder(binary(written), null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
    }

    /// Converts a request from the schema of its writer to the fields of this release.
    public static GenerationRequest request(IndexedRecord written) {
        try {
            var own = GenerationRequest.getClassSchema();
            var reader = new SpecificDatumReader<GenerationRequest>(
                    written.getSchema(), own, SpecificData.getForClass(GenerationRequest.class));
            return reader.read(null, DecoderFactory.get().binaryDecoder(binary(written), null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
    }

    private static byte[] binary(IndexedRecord record) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var writer = record instanceof GenericRecord && !(record instanceof GenerationRequest)
                ? new GenericDatumWriter<IndexedRecord>(record.getSchema())
                : new SpecificDatumWriter<IndexedRecord>(record.getSchema());
        writer.write(record, EncoderFactory.get().directBinaryEncoder(bytes, null));
        return bytes.toByteArray();
    }
}
