package dev.flover.topology.avro;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;

/// Encodes answers in JSON as Avro values of one schema. Safe to use from several threads.
public final class AvroAnswers {
    private static final byte MAGIC = 0;
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private final Schema schema;
    private final int schemaId;

    /// @param schemaId the schema's id in the schema registry
    public AvroAnswers(Schema schema, int schemaId) {
        this.schema = schema;
        this.schemaId = schemaId;
    }

    /// Encodes a finished answer in the schema registry's wire format: a zero byte, the schema's id in 4 bytes, Avro
    /// binary.
    ///
    /// @throws AvroAnswerException if the answer does not fit the schema; the message names the place
    public byte[] encode(String answer) {
        var bytes = new ByteArrayOutputStream();
        bytes.write(MAGIC);
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(schemaId).array());
        try {
            var value = value(MAPPER.readTree(answer), schema, "the root");
            var encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
            new GenericDatumWriter<>(schema).write(value, encoder);
            encoder.flush();
        } catch (JsonProcessingException e) {
            throw new AvroAnswerException("the answer is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
        return bytes.toByteArray();
    }

    private static @Nullable Object value(JsonNode node, Schema schema, String place) {
        var form = AvroTypes.textForm(schema, place);
        if (form != null) {
            require(node.isTextual(), node, schema, place);
            return text(form, node.textValue(), schema, place);
        }
        if (AvroTypes.decimal(schema) != null) {
            require(node.isNumber(), node, schema, place);
            return decimal(node.decimalValue(), schema, place);
        }
        return switch (schema.getType()) {
            case NULL -> checked(node.isNull(), null, node, schema, place);
            case BOOLEAN -> checked(node.isBoolean(), node.booleanValue(), node, schema, place);
            case STRING -> checked(node.isTextual(), node.textValue(), node, schema, place);
            case INT ->
                    checked(node.isIntegralNumber() && node.canConvertToInt(), node.intValue(), node, schema, place);
            case LONG ->
                    checked(node.isIntegralNumber() && node.canConvertToLong(), node.longValue(), node, schema, place);
            case FLOAT -> checked(node.isNumber() && Float.isFinite(node.floatValue()), node.floatValue(), node, schema,
                    place);
            case DOUBLE -> checked(node.isNumber() && Double.isFinite(node.doubleValue()), node.doubleValue(), node,
                    schema, place);
            case ENUM -> checked(node.isTextual() && schema.hasEnumSymbol(node.textValue()),
                    node.isTextual() && schema.hasEnumSymbol(node.textValue())
                            ? new GenericData.EnumSymbol(schema, node.textValue()) : null, node, schema, place);
            case ARRAY -> array(node, schema, place);
            case MAP -> map(node, schema, place);
            case UNION -> union(node, schema, place);
            case RECORD -> record(node, schema, place);
            case BYTES, FIXED -> throw new AssertionError(schema);
        };
    }

    private static Object text(TextForm form, String text, Schema schema, String place) {
        try {
            return form.value(text, schema);
        } catch (RuntimeException e) {
            throw new AvroAnswerException("the text at " + place + " is no " + schema.getName() + ": "
                    + e.getMessage(), e);
        }
    }

    private static @Nullable Object checked(
            boolean holds, @Nullable Object value, JsonNode node, Schema schema, String place) {
        require(holds, node, schema, place);
        return value;
    }

    private static void require(boolean holds, JsonNode node, Schema schema, String place) {
        if (!holds) {
            throw new AvroAnswerException("expected " + schema.getName() + " at " + place + ", found "
                    + node.getNodeType().toString().toLowerCase(Locale.ROOT));
        }
    }

    private static Object decimal(BigDecimal number, Schema schema, String place) {
        var type = Objects.requireNonNull(AvroTypes.decimal(schema));
        try {
            var unscaled = number.setScale(type.getScale()).unscaledValue();
            return schema.getType() == Schema.Type.FIXED
                    ? new GenericData.Fixed(schema, extended(unscaled, schema.getFixedSize()))
                    : ByteBuffer.wrap(unscaled.toByteArray());
        } catch (ArithmeticException e) {
            throw new AvroAnswerException("the number at " + place + " has more than " + type.getScale()
                    + " decimals, or more digits than " + type.getPrecision(), e);
        }
    }

    private static byte[] extended(BigInteger number, int size) {
        byte[] least = number.toByteArray();
        if (least.length > size) {
            throw new ArithmeticException();
        }
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) (number.signum() < 0 ? -1 : 0));
        System.arraycopy(least, 0, bytes, size - least.length, least.length);
        return bytes;
    }

    private static Object array(JsonNode node, Schema schema, String place) {
        require(node.isArray(), node, schema, place);
        var items = new ArrayList<>(node.size());
        for (var item : node) {
            items.add(value(item, schema.getElementType(), place + "[" + items.size() + "]"));
        }
        return items;
    }

    private static Object map(JsonNode node, Schema schema, String place) {
        require(node.isObject(), node, schema, place);
        var entries = new HashMap<String, Object>();
        for (var entry : node.properties()) {
            entries.put(entry.getKey(), value(entry.getValue(), schema.getValueType(), place + "." + entry.getKey()));
        }
        return entries;
    }

    /// Converts a value by the first branch of the union that it fits.
    private static @Nullable Object union(JsonNode node, Schema schema, String place) {
        for (var branch : schema.getTypes()) {
            try {
                return value(node, branch, place);
            } catch (AvroAnswerException e) {
                // the value does not fit this branch; it may fit the next one
            }
        }
        throw new AvroAnswerException("the value fits no branch of the union at " + place);
    }

    private static Object record(JsonNode node, Schema schema, String place) {
        require(node.isObject(), node, schema, place);
        for (var entry : node.properties()) {
            if (schema.getField(entry.getKey()) == null) {
                throw new AvroAnswerException("there is no field " + entry.getKey() + " at " + place);
            }
        }
        var record = new GenericData.Record(schema);
        for (var field : schema.getFields()) {
            var value = node.get(field.name());
            if (value != null) {
                record.put(field.pos(), value(value, field.schema(), place + "." + field.name()));
            } else if (field.hasDefaultValue()) {
                record.put(field.pos(), GenericData.get().getDefaultValue(field));
            } else {
                throw new AvroAnswerException("the field " + field.name() + " at " + place + " is missing");
            }
        }
        return record;
    }
}
