package dev.flover.topology.avro;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.avro.JsonProperties;
import org.apache.avro.Schema;

/// Translates an Avro schema to the JSON Schema of its values' JSON form, so that an answer can be constrained to fit
/// it.
///
/// Bounds that Avro cannot express, such as `maxLength`, are read from attributes of a type or a field that have the
/// names of JSON Schema's keywords.
public final class AvroJsonSchema {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final List<String> BOUNDS = List.of("minLength", "maxLength", "pattern", "minimum", "maximum",
            "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "minProperties",
            "maxProperties");

    private final ObjectNode definitions = JSON.objectNode();
    private final Set<String> defined = new HashSet<>();

    private AvroJsonSchema() {}

    /// @throws AvroAnswerException if the schema has a type that is not supported, or is nested too deeply; the message
    ///     names the place
    public static String of(Schema schema) {
        var writing = new AvroJsonSchema();
        try {
            var root = writing.type(schema, "the root");
            if (!writing.definitions.isEmpty()) {
                root.set("$defs", writing.definitions);
            }
            return root.toString();
        } catch (StackOverflowError e) {
            throw new AvroAnswerException("the schema is nested too deeply", e);
        }
    }

    private ObjectNode type(Schema schema, String place) {
        var node = bounded(schema, JSON.objectNode());
        var form = AvroTypes.textForm(schema, place);
        if (form != null) {
            return text(node, form.pattern(schema));
        }
        var decimal = AvroTypes.decimal(schema);
        if (decimal != null) {
            var most = AvroTypes.greatest(decimal);
            return node.put("type", "number").put("minimum", most.negate()).put("maximum", most)
                    .put("multipleOf", BigDecimal.ONE.movePointLeft(decimal.getScale()));
        }
        return switch (schema.getType()) {
            case NULL -> node.put("type", "null");
            case BOOLEAN -> node.put("type", "boolean");
            case STRING -> node.put("type", "string");
            case INT -> between(node, "integer", BigDecimal.valueOf(Integer.MIN_VALUE),
                    BigDecimal.valueOf(Integer.MAX_VALUE));
            case LONG -> between(node, "integer", BigDecimal.valueOf(Long.MIN_VALUE),
                    BigDecimal.valueOf(Long.MAX_VALUE));
            case FLOAT -> between(node, "number", new BigDecimal(-Float.MAX_VALUE), new BigDecimal(Float.MAX_VALUE));
            case DOUBLE -> between(node, "number", new BigDecimal(-Double.MAX_VALUE),
                    new BigDecimal(Double.MAX_VALUE));
            case ARRAY -> set(node.put("type", "array"), "items", type(schema.getElementType(), place + ", items"));
            case MAP -> set(node.put("type", "object"), "additionalProperties",
                    type(schema.getValueType(), place + ", values"));
            case UNION -> union(node, schema, place);
            case RECORD, ENUM, FIXED -> named(node, schema);
            case BYTES -> throw new AssertionError(schema);
        };
    }

    private static ObjectNode set(ObjectNode node, String name, ObjectNode value) {
        node.set(name, value);
        return node;
    }

    private static ObjectNode text(ObjectNode node, String pattern) {
        node.put("type", "string");
        if (!node.has("pattern")) {
            return node.put("pattern", "^(?:" + pattern + ")$");
        }
        node.putArray("allOf").addObject().put("pattern", "^(?:" + pattern + ")$");
        return node;
    }

    /// Gives a number the narrower of two ranges: its Avro type's range, and the one that the schema's attributes
    /// state.
    private static ObjectNode between(ObjectNode node, String type, BigDecimal least, BigDecimal most) {
        node.put("type", type);
        if (!node.has("minimum") || node.get("minimum").decimalValue().compareTo(least) < 0) {
            node.put("minimum", least);
        }
        if (!node.has("maximum") || node.get("maximum").decimalValue().compareTo(most) > 0) {
            node.put("maximum", most);
        }
        return node;
    }

    private ObjectNode union(ObjectNode node, Schema schema, String place) {
        var branches = node.putArray("anyOf");
        for (var branch : schema.getTypes()) {
            branches.add(type(branch, place + ", branch " + branch.getFullName()));
        }
        return node;
    }

    private ObjectNode named(ObjectNode node, Schema schema) {
        String name = schema.getFullName();
        if (defined.add(name)) {
            var definition = definitions.putObject(name);
            definition.setAll(definition(schema));
        }
        return node.put("$ref", "#/$defs/" + name);
    }

    private ObjectNode definition(Schema schema) {
        var node = JSON.objectNode();
        if (schema.getType() == Schema.Type.ENUM) {
            schema.getEnumSymbols().forEach(node.putArray("enum")::add);
            return node;
        }
        node.put("type", "object");
        var properties = node.putObject("properties");
        var required = node.putArray("required");
        for (var field : schema.getFields()) {
            var type = type(field.schema(), schema.getFullName() + "." + field.name());
            properties.set(field.name(), hasBounds(field) ? within(field, type) : type);
            if (!field.hasDefaultValue()) {
                required.add(field.name());
            }
        }
        return node.put("additionalProperties", false);
    }

    private static boolean hasBounds(JsonProperties attributes) {
        return BOUNDS.stream().anyMatch(name -> attributes.getObjectProp(name) != null);
    }

    private static ObjectNode within(Schema.Field field, ObjectNode type) {
        var node = bounded(field, JSON.objectNode());
        node.putArray("allOf").add(type);
        return node;
    }

    private static ObjectNode bounded(JsonProperties attributes, ObjectNode node) {
        for (String name : BOUNDS) {
            var value = attributes.getObjectProp(name);
            if (value != null) {
                node.set(name, MAPPER.valueToTree(value));
            }
        }
        return node;
    }
}
