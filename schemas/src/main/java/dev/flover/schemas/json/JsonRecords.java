package dev.flover.schemas.json;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.serdes.TrustedRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;

/// Reads and writes records of the contracts as JSON objects whose fields have the names of the contract.
///
/// Times are milliseconds since 1970. A number that JSON cannot express is one of the strings `NaN`, `Infinity` and
/// `-Infinity`. A field that is null is left out.
public final class JsonRecords {
    private static final int MAX_DEPTH = 100;
    /// Matches the advice for programmers in Jackson's error messages, which is removed before a user sees the message.
    private static final String ADVICE = ": enable `.*|: expected close marker.*|, from `.*(?=\\))";

    /// The JSON parser is strict: a key that is given twice, or a second value after the first, is an error of the
    /// sender.
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build()).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    static {
        TrustedRecords.trust();
    }

    private JsonRecords() {}

    /// Tells whether the first character that is not white space opens a JSON object.
    public static boolean isJson(byte[] bytes) {
        for (byte each : bytes) {
            switch (each) {
                case ' ', '\t', '\r', '\n' -> { }
                default -> {
                    return each == '{';
                }
            }
        }
        return false;
    }

    /// Reads a record from JSON in UTF-8.
    ///
    /// @throws JsonFormException if the bytes are not one JSON object with the fields of that type
    public static <T extends SpecificRecord> T read(byte[] bytes, Class<T> type) {
        return record(parse(bytes), type);
    }

    static ObjectNode parse(byte[] bytes) {
        JsonNode node;
        try {
            node = MAPPER.readTree(bytes);
        } catch (JacksonException e) {
            var at = e.getLocation();
            throw new JsonFormException(null, "expected one JSON object in UTF-8, found an error in line "
                    + (at == null ? "?" : at.getLineNr() + ", column " + at.getColumnNr()) + ": "
                    + e.getOriginalMessage().replaceFirst(ADVICE, ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new JsonFormException(null, "expected a JSON object, found "
                + (node.isMissingNode() ? "nothing" : JsonValues.excerpt(node)));
    }

    static <T extends SpecificRecord> T record(ObjectNode object, Class<T> type) {
        var data = SpecificData.getForClass(type);
        var schema = data.getSchema(type);
        var generic = (GenericRecord) JsonValues.toAvro(object, schema, "");
        try {
            var bytes = new ByteArrayOutputStream();
            new GenericDatumWriter<GenericRecord>(schema)
                    .write(generic, EncoderFactory.get().directBinaryEncoder(bytes, null));
            return new SpecificDatumReader<T>(schema, schema, data)
                    .read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
    }

    /// Returns a record as a JSON object of the caller's own.
    public static ObjectNode tree(SpecificRecord record) {
        return (ObjectNode) JsonValues.toJson(record, record.getSchema());
    }

    public static byte[] write(SpecificRecord record) {
        try {
            return MAPPER.writeValueAsBytes(tree(record));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
    }
}
