package dev.flover.schemas.serdes;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;

/// A request in the schema of stored form 1. Digests of requests that were stored in that form were made of these
/// bytes.
public final class FirstForm {
    private static final byte VERSION = 1;
    private static final Schema REQUEST =
            Objects.requireNonNull(StoredForm.firstForm(StoredRequest.class)).getField("request").schema();

    private FirstForm() {}

    public static byte[] of(GenerationRequest request) {
        var sorted = GenerationRequest.newBuilder(request).setMetadata(new TreeMap<>(request.getMetadata())).build();
        try {
            var now = new ByteArrayOutputStream();
            new SpecificDatumWriter<GenerationRequest>(GenerationRequest.getClassSchema())
                    .write(sorted, EncoderFactory.get().directBinaryEncoder(now, null));
            var then = new GenericDatumReader<GenericRecord>(GenerationRequest.getClassSchema(), REQUEST)
                    .read(null, DecoderFactory.get().binaryDecoder(now.toByteArray(), null));
            then.put("metadata", sorted(then));
            var bytes = new ByteArrayOutputStream();
            bytes.write(VERSION);
            new GenericDatumWriter<GenericRecord>(REQUEST)
                    .write(then, EncoderFactory.get().directBinaryEncoder(bytes, null));
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
    }

    private static TreeMap<String, Object> sorted(GenericRecord request) {
        var sorted = new TreeMap<String, Object>();
        ((Map<?, ?>) request.get("metadata")).forEach((name, value) -> sorted.put(name.toString(), value));
        return sorted;
    }
}
