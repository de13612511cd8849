package dev.flover.engine.constraint.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.flover.engine.constraint.machine.ConstraintException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/// A parsed schema whose identifiers and references are resolved within its own text. Nothing is fetched from
/// elsewhere.
final class SchemaDocument {
    /// The most characters of a schema: ten times the largest one in schemastore.org's catalogue.
    static final int MAX_CHARACTERS = 4 << 20;
    private static final int MAX_NESTING = 500;
    private static final URI NOWHERE = URI.create("flover:/schema");

    private static final Set<String> ONE = Set.of("additionalProperties", "additionalItems", "propertyNames",
            "contains", "not", "if", "then", "else", "items", "unevaluatedItems", "unevaluatedProperties");
    private static final Set<String> SEVERAL = Set.of("allOf", "anyOf", "oneOf", "prefixItems", "items");
    private static final Set<String> NAMED = Set.of("properties", "patternProperties", "$defs", "definitions",
            "dependentSchemas", "dependencies");

    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING)
                            .maxStringLength(MAX_CHARACTERS).build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final SchemaLocation root;
    private final boolean old;
    private final Map<JsonNode, SchemaLocation> locations = new IdentityHashMap<>();
    private final Map<URI, SchemaLocation> identified = new HashMap<>();

    private SchemaDocument(JsonNode node) {
        String dialect = node.path("$schema").asText("");
        if (dialect.contains("draft-03")) {
            throw new ConstraintException("json_schema: $schema is " + dialect + "; draft 4 and later are supported");
        }
        this.old = dialect.matches(".*draft-0[467].*");
        this.root = index(node, NOWHERE, "");
        identified.putIfAbsent(NOWHERE, root);
    }

    static SchemaDocument parse(String text) {
        if (text.length() > MAX_CHARACTERS) {
            throw new ConstraintException("json_schema has " + text.length() + " characters; at most "
                    + MAX_CHARACTERS + " are accepted");
        }
        try {
            var node = MAPPER.readTree(text);
            if (!node.isObject() && !node.isBoolean()) {
                throw new ConstraintException("json_schema should be an object, true or false, and is "
                        + (node.isMissingNode() ? "empty" : node.getNodeType().name().toLowerCase()));
            }
            return new SchemaDocument(node);
        } catch (JsonProcessingException e) {
            throw new ConstraintException("json_schema is not JSON: "
                    + e.getOriginalMessage().replaceFirst(": expected close marker.*", ""), e);
        }
    }

    SchemaLocation root() {
        return root;
    }

    /// Whether the schema declares a draft from 4 to 7, in which keywords beside `$ref` are ignored.
    boolean isOld() {
        return old;
    }

    private SchemaLocation index(JsonNode node, URI outer, String pointer) {
        var location = outer;
        String id = node.path(old && node.has("id") && !node.has("$id") ? "id" : "$id").asText("");
        if (!id.isEmpty() && !(old && node.has("$ref"))) {
            location = resolve(outer, id);
        }
        var schema = new SchemaLocation(node, location, pointer);
        locations.put(node, schema);
        if (!id.isEmpty()) {
            identified.putIfAbsent(withoutEmptyFragment(location), schema);
        }
        for (var anchor : new String[] {"$anchor", "$dynamicAnchor"}) {
            if (node.path(anchor).isTextual()) {
                identified.putIfAbsent(resolve(location, "#" + node.get(anchor).asText()), schema);
            }
        }
        for (var property : node.properties()) {
            String key = property.getKey();
            var value = property.getValue();
            String below = schema.pointer(key);
            if (ONE.contains(key) && value.isObject()) {
                index(value, location, below);
            } else if (SEVERAL.contains(key) && value.isArray()) {
                for (int i = 0; i < value.size(); i++) {
                    indexObject(value.get(i), location, below + "/" + i);
                }
            } else if (NAMED.contains(key) && value.isObject()) {
                for (var named : value.properties()) {
                    indexObject(named.getValue(), location, below + "/" + escaped(named.getKey()));
                }
            }
        }
        return schema;
    }

    private void indexObject(JsonNode node, URI location, String pointer) {
        if (node.isObject()) {
            index(node, location, pointer);
        }
    }

    private static String escaped(String key) {
        return key.replace("~", "~0").replace("/", "~1");
    }

    private static URI resolve(URI base, String reference) {
        try {
            return base.resolve(reference.replace(" ", "%20"));
        } catch (IllegalArgumentException notAnIdentifier) {
            return URI.create("flover:/unresolved");
        }
    }

    private static URI withoutEmptyFragment(URI uri) {
        String text = uri.toString();
        return text.endsWith("#") ? URI.create(text.substring(0, text.length() - 1)) : uri;
    }

    /// The formula of a subschema.
    ///
    /// @param parent  the subschema around it
    /// @param node    the subschema
    /// @param pointer where `node` stands, as a JSON pointer
    Formula formula(SchemaLocation parent, JsonNode node, String pointer) {
        if (node.isBoolean()) {
            return node.booleanValue() ? Formula.TRUE : Formula.FALSE;
        }
        if (!node.isObject()) {
            throw new ConstraintException("json_schema: a schema is expected at " + pointer + ", found "
                    + node.getNodeType().name().toLowerCase());
        }
        var known = locations.get(node);
        if (known == null) {
            known = index(node, parent.location, pointer);
        }
        return known.node.isEmpty() ? Formula.TRUE : new Formula.Is(known);
    }

    Formula reference(SchemaLocation from, String keyword) {
        if (!from.node.get(keyword).isTextual()) {
            throw from.wrong(keyword, "a text");
        }
        String text = from.node.get(keyword).asText();
        URI target = resolve(from.location, text);
        var whole = identified.get(withoutEmptyFragment(target));
        if (whole != null) {
            return formula(whole, whole.node, whole.pointer());
        }
        String fragment = target.getRawFragment() == null ? "" : target.getRawFragment();
        String document = target.toString();
        int hash = document.indexOf('#');
        var resource = identified.get(URI.create(hash < 0 ? document : document.substring(0, hash)));
        if (resource == null && text.startsWith("#")) {
            resource = root;
        }
        if (resource == null) {
            throw from.unsupported(keyword, text + " is outside of this schema; external schemas are not fetched");
        }
        return atPointer(from, keyword, text, resource, fragment);
    }

    private Formula atPointer(
            SchemaLocation from, String keyword, String text, SchemaLocation resource, String fragment) {
        var node = resource.node;
        var nearest = resource;
        String pointer = resource.pointer();
        if (fragment.startsWith("/")) {
            for (String raw : fragment.substring(1).split("/", -1)) {
                String part = decoded(raw);
                var inner = node.isArray() && part.matches("[0-9]{1,9}") ? node.get(Integer.parseInt(part))
                        : node.get(part);
                pointer += "/" + escaped(part);
                if (inner == null) {
                    throw from.unsupported(keyword, "the schema has no element at " + text);
                }
                node = inner;
                nearest = locations.getOrDefault(node, nearest);
            }
        } else if (!fragment.isEmpty()) {
            throw from.unsupported(keyword, "the schema has no element at " + text);
        }
        return formula(nearest, node, pointer);
    }

    private static String decoded(String raw) {
        try {
            return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8)
                    .replace("~1", "/").replace("~0", "~");
        } catch (IllegalArgumentException notEncoded) {
            return raw;
        }
    }
}
