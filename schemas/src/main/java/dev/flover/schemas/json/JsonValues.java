package dev.flover.schemas.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.IndexedRecord;
import org.jspecify.annotations.Nullable;

/// Converts values from JSON to Avro and back: nulls, booleans, numbers, strings, enums, arrays, maps, records, and
/// unions of null and one other type.
final class JsonValues {
    private static final int EXCERPT_CHARS = 60;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JsonValues() {}

    /// @param path names the value in an error message, such as `sampling.top_k`; empty for the whole record
    static @Nullable Object toAvro(JsonNode node, Schema schema, String path) {
        return switch (schema.getType()) {
            case UNION -> node.isNull() ? null : toAvro(node, branch(schema), path);
            case RECORD -> record(node, schema, path);
            case ARRAY -> array(node, schema, path);
            case MAP -> map(node, schema, path);
            case STRING -> text(node, path);
            case ENUM -> {
                if (!node.isTextual() || !schema.hasEnumSymbol(node.textValue())) {
                    throw mistyped(path, "one of " + String.join(", ", schema.getEnumSymbols()), node);
                }
                yield new GenericData.EnumSymbol(schema, node.textValue());
            }
            case BOOLEAN -> {
                if (!node.isBoolean()) {
                    throw mistyped(path, "true or false", node);
                }
                yield node.booleanValue();
            }
            case INT -> {
                if (!node.isIntegralNumber() || !node.canConvertToInt()) {
                    throw mistyped(path, "a whole number of 32 bits", node);
                }
                yield node.intValue();
            }
            case LONG -> {
                if (!node.isIntegralNumber() || !node.canConvertToLong()) {
                    throw mistyped(path, "a whole number of 64 bits", node);
                }
                yield node.longValue();
            }
            case FLOAT -> (float) number(node, path);
            case DOUBLE -> number(node, path);
            case BYTES, FIXED, NULL -> throw new IllegalStateException("no contract has values of " + schema);
        };
    }

    private static Schema branch(Schema union) {
        return union.getTypes().stream().filter(type -> type.getType() != Schema.Type.NULL).findFirst().orElseThrow();
    }

    private static GenericData.Record record(JsonNode node, Schema schema, String path) {
        if (!node.isObject()) {
            throw mistyped(path, "an object", node);
        }
        node.fieldNames().forEachRemaining(name -> {
            if (schema.getField(name) == null) {
                var known = schema.getFields().stream().map(Schema.Field::name).sorted().toList();
                throw JsonFormException.unknown(within(path, name),
                        "there is no field " + within(path, name) + "; known are " + String.join(", ", known));
            }
        });
        var record = new GenericData.Record(schema);
        for (var field : schema.getFields()) {
            var value = node.get(field.name());
            boolean absent = value == null || value.isNull() && field.schema().getType() != Schema.Type.UNION;
            if (absent && !field.hasDefaultValue()) {
                String missing = within(path, field.name());
                throw new JsonFormException(missing, "the field " + missing + " is missing");
            }
            record.put(field.pos(), absent ? GenericData.get().getDefaultValue(field)
                    : toAvro(value, field.schema(), within(path, field.name())));
        }
        return record;
    }

    private static List<Object> array(JsonNode node, Schema schema, String path) {
        if (!node.isArray()) {
            throw mistyped(path, "an array", node);
        }
        var items = new ArrayList<>(node.size());
        for (int i = 0; i < node.size(); i++) {
            items.add(toAvro(node.get(i), schema.getElementType(), path + "[" + i + "]"));
        }
        return items;
    }

    private static Map<String, Object> map(JsonNode node, Schema schema, String path) {
        if (!node.isObject()) {
            throw mistyped(path, "an object", node);
        }
        var entries = new HashMap<String, Object>();
        node.properties().forEach(entry -> entries.put(text(NODES.textNode(entry.getKey()), path),
                toAvro(entry.getValue(), schema.getValueType(), within(path, entry.getKey()))));
        return entries;
    }

    /// Returns a JSON string's text. Refuses half a surrogate pair: it is not a character and cannot be written as
    /// UTF-8.
    private static String text(JsonNode node, String path) {
        if (!node.isTextual()) {
            throw mistyped(path, "a string", node);
        }
        String text = node.textValue();
        if (text.codePoints().anyMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)) {
            throw mistyped(path, "a string of whole characters, without half a surrogate pair", node);
        }
        return text;
    }

    private static double number(JsonNode node, String path) {
        if (node.isTextual()) {
            switch (node.textValue()) {
                case "NaN", "Infinity", "-Infinity" -> {
                    return Double.parseDouble(node.textValue());
                }
                default -> { }
            }
        }
        if (!node.isNumber()) {
            throw mistyped(path, "a number", node);
        }
        return node.doubleValue();
    }

    static String within(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    static JsonFormException mistyped(String path, String expected, JsonNode found) {
        return new JsonFormException(path.isEmpty() ? null : path, (path.isEmpty() ? "the value" : path)
                + " must be " + expected + ", was " + excerpt(found));
    }

    static String excerpt(JsonNode node) {
        String text = node.toString();
        return text.length() <= EXCERPT_CHARS ? text : text.substring(0, EXCERPT_CHARS) + "...";
    }

    /// @param value a value of the given schema, from a generated record or a generic one
    static JsonNode toJson(Object value, Schema schema) {
        if (value == null) {
            return NODES.nullNode();
        } else if (value instanceof IndexedRecord record) {
            return object(record);
        } else if (value instanceof List<?> items) {
            var array = new ArrayNode(NODES, items.size());
            items.forEach(item -> array.add(toJson(item, branchOf(schema).getElementType())));
            return array;
        } else if (value instanceof Map<?, ?> entries) {
            var object = NODES.objectNode();
            entries.forEach((name, entry) ->
                    object.set(name.toString(), toJson(entry, branchOf(schema).getValueType())));
            return object;
        } else {
            return single(value);
        }
    }

    private static JsonNode single(Object value) {
        if (value instanceof Boolean flag) {
            return NODES.booleanNode(flag);
        } else if (value instanceof Integer number) {
            return NODES.numberNode(number);
        } else if (value instanceof Long number) {
            return NODES.numberNode(number);
        } else if (value instanceof Instant time) {
            return NODES.numberNode(time.toEpochMilli());
        } else if (value instanceof Float number && Float.isFinite(number)) {
            return NODES.numberNode(number);
        } else if (value instanceof Double number && Double.isFinite(number)) {
            return NODES.numberNode(number);
        } else {
            return NODES.textNode(value.toString());        // a string, an enum, or a number that JSON does not have
        }
    }

    private static Schema branchOf(Schema schema) {
        return schema.getType() == Schema.Type.UNION ? branch(schema) : schema;
    }

    private static ObjectNode object(IndexedRecord record) {
        var object = NODES.objectNode();
        for (var field : record.getSchema().getFields()) {
            var value = record.get(field.pos());
            if (value != null) {
                object.set(field.name(), toJson(value, field.schema()));
            }
        }
        return object;
    }

    /// Converts a record without the fields that have their default values, at every depth of records.
    static ObjectNode withoutDefaults(IndexedRecord record) {
        var object = NODES.objectNode();
        for (var field : record.getSchema().getFields()) {
            var value = record.get(field.pos());
            if (value == null) {
                continue;
            }
            var node = toJson(value, field.schema());
            boolean isDefault = field.hasDefaultValue()
                    && node.equals(toJson(GenericData.get().getDefaultValue(field), field.schema()));
            if (!isDefault) {
                object.set(field.name(), value instanceof IndexedRecord inner ? withoutDefaults(inner) : node);
            }
        }
        return object;
    }
}
