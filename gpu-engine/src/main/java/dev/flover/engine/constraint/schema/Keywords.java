package dev.flover.engine.constraint.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.constraint.regex.Alphabet;
import dev.flover.engine.constraint.regex.CharSet;
import dev.flover.engine.constraint.regex.Numbers;
import dev.flover.engine.constraint.regex.Patterns;
import dev.flover.engine.constraint.regex.Regex;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads the keywords that constrain values of a single type, such as `minLength` or `properties`, as sets of values.
final class Keywords {
    /// Keywords that change which values are accepted but that neither this class nor [Expansion] implements.
    private static final List<String> UNSUPPORTED =
            List.of("unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef");

    private final SchemaDocument document;
    private final Map<String, Regex> patterns = new HashMap<>();

    Keywords(SchemaDocument document) {
        this.document = document;
    }

    Values read(SchemaLocation schema) {
        for (String keyword : UNSUPPORTED) {
            if (schema.node.has(keyword) && !isTrue(schema.node.get(keyword))) {
                throw schema.unsupported(keyword, "it depends on which keys or items other subschemas have evaluated");
            }
        }
        return new Values(Values.NULL | Values.FALSE | Values.TRUE, strings(schema), numbers(schema),
                List.of(objects(schema)), List.of(arrays(schema))).and(types(schema));
    }

    private static boolean isTrue(JsonNode node) {
        return node.isBoolean() && node.booleanValue() || node.isObject() && node.isEmpty();
    }

    private Values types(SchemaLocation schema) {
        var type = schema.node.get("type");
        if (type == null) {
            return Values.ALL;
        }
        if (!type.isArray()) {
            return type(schema, type);
        }
        var any = Values.NONE;
        for (var one : type) {
            any = any.or(type(schema, one));
        }
        return any;
    }

    private static Values type(SchemaLocation schema, JsonNode type) {
        return switch (type.asText("")) {
            case "null" -> new Values(Values.NULL, Regex.NOTHING, Regex.NOTHING, List.of(), List.of());
            case "boolean" ->
                new Values(Values.FALSE | Values.TRUE, Regex.NOTHING, Regex.NOTHING, List.of(), List.of());
            case "string" -> new Values(0, Alphabet.STRING, Regex.NOTHING, List.of(), List.of());
            case "number" -> new Values(0, Regex.NOTHING, Numbers.ANY, List.of(), List.of());
            case "integer" -> new Values(0, Regex.NOTHING, Numbers.INTEGER, List.of(), List.of());
            case "object" -> Values.of(ObjectShape.ANY);
            case "array" -> Values.of(ArrayShape.ANY);
            default -> throw schema.wrong("type", "null, boolean, string, number, integer, object or array");
        };
    }

    private Regex strings(SchemaLocation schema) {
        var all = new ArrayList<Regex>();
        int min = count(schema, "minLength", 0);
        int max = count(schema, "maxLength", -1);
        if (max >= 0 && max < min) {
            return Regex.NOTHING;
        }
        if (min > 0 || max >= 0) {
            var characters = Regex.repeat(Alphabet.JSON.one(CharSet.ALL), min, max);
            all.add(Regex.concat(Alphabet.JSON.begin(), characters, Alphabet.JSON.end()));
        }
        if (schema.node.has("pattern")) {
            if (!schema.node.get("pattern").isTextual()) {
                throw schema.wrong("pattern", "a text");
            }
            all.add(pattern(schema, "pattern", schema.node.get("pattern").asText()));
        }
        String format = schema.node.path("format").asText("");
        if (Formats.isUnsupported(format)) {
            throw schema.unsupported("format", "\"" + format + "\" cannot be checked token by token");
        }
        String expression = Formats.pattern(format);
        if (expression != null) {
            all.add(pattern(schema, "format", expression));
        }
        return all.isEmpty() ? Alphabet.STRING : Regex.and(all);
    }

    Regex pattern(SchemaLocation schema, String keyword, String pattern) {
        var known = patterns.get(pattern);
        if (known == null) {
            try {
                known = Patterns.search(pattern, Alphabet.JSON);
            } catch (IllegalArgumentException e) {
                throw schema.unsupported(keyword, e.getMessage());
            }
            patterns.put(pattern, known);
        }
        return known;
    }

    private Regex numbers(SchemaLocation schema) {
        var all = new ArrayList<Regex>();
        bound(schema, "minimum", "exclusiveMinimum", true, all);
        bound(schema, "maximum", "exclusiveMaximum", false, all);
        if (schema.node.has("multipleOf")) {
            var divisor = decimal(schema, "multipleOf");
            if (divisor.signum() <= 0) {
                throw schema.wrong("multipleOf", "a number above 0");
            }
            all.add(Numbers.multiplesOf(divisor));
        }
        if (all.isEmpty()) {
            return Numbers.ANY;
        }
        all.add(Numbers.DECIMAL);
        return Regex.and(all);
    }

    private void bound(SchemaLocation schema, String keyword, String exclusive, boolean lower, List<Regex> all) {
        var strict = schema.node.get(exclusive);
        boolean flag = strict != null && strict.isBoolean() && strict.booleanValue();
        if (schema.node.has(keyword)) {
            var limit = decimal(schema, keyword);
            all.add(lower ? Numbers.atLeast(limit, flag) : Numbers.atMost(limit, flag));
        }
        if (strict != null && !strict.isBoolean()) {
            var limit = decimal(schema, exclusive);
            all.add(lower ? Numbers.atLeast(limit, true) : Numbers.atMost(limit, true));
        }
    }

    private static BigDecimal decimal(SchemaLocation schema, String keyword) {
        if (!schema.node.get(keyword).isNumber()) {
            throw schema.wrong(keyword, "a number");
        }
        return schema.node.get(keyword).decimalValue();
    }

    /// The value of a keyword that is a count; `absent` if the keyword is missing. An upper bound above
    /// [Limits#MAX_MAXIMUM] is read as -1, no limit, because no answer reaches it.
    private static int count(SchemaLocation schema, String keyword, int absent) {
        var node = schema.node.get(keyword);
        if (node == null) {
            return absent;
        }
        if (!node.isNumber() || node.decimalValue().signum() < 0
                || node.decimalValue().stripTrailingZeros().scale() > 0) {
            throw schema.wrong(keyword, "an integer from 0");
        }
        var value = node.decimalValue();
        if (absent == 0 && value.compareTo(BigDecimal.valueOf(Limits.MAX_MINIMUM)) > 0) {
            throw schema.unsupported(keyword, value.toPlainString() + " is larger than the supported maximum of "
                    + Limits.MAX_MINIMUM);
        }
        return value.compareTo(BigDecimal.valueOf(Limits.MAX_MAXIMUM)) > 0 ? -1 : value.intValue();
    }

    private ObjectShape objects(SchemaLocation schema) {
        var layer = layer(schema);
        var required = new LinkedHashSet<String>();
        if (schema.node.has("required")) {
            required.addAll(texts(schema, "required", schema.node.get("required")));
        }
        var dependents = new LinkedHashMap<String, Set<String>>();
        for (String keyword : List.of("dependentRequired", "dependencies")) {
            for (var entry : schema.node.path(keyword).properties()) {
                if (entry.getValue().isArray() || keyword.equals("dependentRequired")) {
                    dependents.put(entry.getKey(), new LinkedHashSet<>(texts(schema, keyword, entry.getValue())));
                }
            }
        }
        List<Formula> names = schema.node.has("propertyNames")
                ? List.of(child(schema, "propertyNames"))
                : List.of();
        return new ObjectShape(layer.equals(ObjectShape.Layer.NONE) ? List.of() : List.of(layer), required, dependents,
                names, List.of(), count(schema, "minProperties", 0), count(schema, "maxProperties", -1));
    }

    private ObjectShape.Layer layer(SchemaLocation schema) {
        var named = new LinkedHashMap<String, Formula>();
        for (var entry : map(schema, "properties").properties()) {
            named.put(entry.getKey(), child(schema, "properties", entry));
        }
        var matching = new ArrayList<ObjectShape.Pattern>();
        for (var entry : map(schema, "patternProperties").properties()) {
            matching.add(new ObjectShape.Pattern(pattern(schema, "patternProperties", entry.getKey()),
                    child(schema, "patternProperties", entry)));
        }
        var others = schema.node.has("additionalProperties") ? child(schema, "additionalProperties") : Formula.TRUE;
        return new ObjectShape.Layer(named, matching, others);
    }

    private static JsonNode map(SchemaLocation schema, String keyword) {
        var node = schema.node.path(keyword);
        if (!node.isMissingNode() && !node.isObject()) {
            throw schema.wrong(keyword, "an object");
        }
        return node;
    }

    private static List<String> texts(SchemaLocation schema, String keyword, JsonNode node) {
        var texts = new ArrayList<String>();
        for (var text : node) {
            if (text.isTextual()) {
                texts.add(text.asText());
            }
        }
        if (!node.isArray() || texts.size() < node.size()) {
            throw schema.wrong(keyword, "a list of texts");
        }
        return texts;
    }

    Formula child(SchemaLocation schema, String keyword) {
        return document.formula(schema, schema.node.get(keyword), schema.pointer(keyword));
    }

    Formula child(SchemaLocation schema, String keyword, Map.Entry<String, JsonNode> entry) {
        return document.formula(schema, entry.getValue(), schema.pointer(keyword) + "/"
                + entry.getKey().replace("~", "~0").replace("/", "~1"));
    }

    /// The formulas of a keyword whose value is a list of schemas.
    List<Formula> children(SchemaLocation schema, String keyword) {
        var list = schema.node.get(keyword);
        if (!list.isArray()) {
            throw schema.wrong(keyword, "a list of schemas");
        }
        var children = new ArrayList<Formula>();
        for (int i = 0; i < list.size(); i++) {
            children.add(document.formula(schema, list.get(i), schema.pointer(keyword) + "/" + i));
        }
        return children;
    }

    private ArrayShape arrays(SchemaLocation schema) {
        List<Formula> first = List.of();
        var others = Formula.TRUE;
        var items = schema.node.get("items");
        if (schema.node.has("prefixItems")) {
            first = children(schema, "prefixItems");
        }
        if (items != null && items.isArray()) {
            first = children(schema, "items");
            others = schema.node.has("additionalItems") ? child(schema, "additionalItems") : Formula.TRUE;
        } else if (items != null) {
            others = child(schema, "items");
        }
        if (first.size() > Limits.MAX_PREFIX) {
            throw schema.unsupported(schema.node.has("prefixItems") ? "prefixItems" : "items",
                    "it lists more than " + Limits.MAX_PREFIX + " items");
        }
        var contains = new ArrayList<ArrayShape.Contains>();
        if (schema.node.has("contains")) {
            int min = schema.node.has("minContains") ? count(schema, "minContains", 0) : 1;
            int max = count(schema, "maxContains", -1);
            if (min > 0 || max >= 0) {
                contains.add(new ArrayShape.Contains(child(schema, "contains"), min, max));
            }
        }
        var unique = schema.node.get("uniqueItems");
        List<ArrayShape.Layer> layers = first.isEmpty() && others.equals(Formula.TRUE)
                ? List.of()
                : List.of(new ArrayShape.Layer(first, others));
        return new ArrayShape(layers, contains, unique != null && unique.asBoolean(false),
                count(schema, "minItems", 0), count(schema, "maxItems", -1));
    }
}
