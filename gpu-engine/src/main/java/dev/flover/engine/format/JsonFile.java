package dev.flover.engine.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/// A JSON object in a file of a model's folder, read key by key. Records which keys were read, so that the loader can
/// warn about unused ones. For a key that is absent or `null` the getters return an empty value; for a value of another
/// type than requested they throw a [ModelFileException] that names the key.
///
/// If several keys are given, the first that has a value is used, because families name the same setting differently.
public final class JsonFile {
    /// The largest accepted file: published configurations take a few kilobytes, the largest indexes a few megabytes.
    private static final int MAX_BYTES = 8 << 20;
    private static final int MAX_NESTING = 64;
    private static final int MAX_STRING = 4 << 20;
    /// The most characters of a value in an error message.
    private static final int MAX_SHOWN = 60;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_NESTING)
                    .maxStringLength(MAX_STRING)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // Python's json module writes Infinity and NaN
            .build();
    private static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path path;
    private final ObjectNode object;
    private final Set<String> asked = new HashSet<>();

    private JsonFile(Path path, ObjectNode object) {
        this.path = path;
        this.object = object;
    }

    /// The factory of parsers that limit nesting and lengths and refuse duplicate keys.
    static JsonFactory factory() {
        return FACTORY;
    }

    public static JsonFile read(Path path) {
        try {
            long size = Files.size(path);
            if (size > MAX_BYTES) {
                throw new ModelFileException(path, "has " + size + " bytes; at most " + MAX_BYTES + " expected");
            }
            return parse(path, Files.readAllBytes(path));
        } catch (JsonProcessingException e) {
            throw new ModelFileException(path, "is not valid JSON: " + problem(e), e);
        } catch (IOException e) {
            throw new ModelFileException(path, "cannot be read: " + e.getMessage(), e);
        }
    }

    public static Optional<JsonFile> readIfPresent(Path path) {
        return Files.exists(path) ? Optional.of(read(path)) : Optional.empty();
    }

    private static JsonFile parse(Path path, byte[] json) throws IOException {
        if (MAPPER.readTree(json) instanceof ObjectNode object) {
            return new JsonFile(path, object);
        }
        throw new ModelFileException(path, "does not hold a JSON object");
    }

    /// What is wrong with a text that is not JSON, with its line and column, as a clause for an error message.
    public static String problem(JsonProcessingException e) {
        var location = e.getLocation();
        // The parser adds in brackets where an object began, in the form of a stack trace.
        String what = e.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
        return what + (location == null ? ""
                : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")");
    }

    /// This object, completed by the keys of `defaults`, a JSON object, that it does not have.
    public JsonFile withDefaults(String defaults) {
        try {
            var merged = parse(path, defaults.getBytes(StandardCharsets.UTF_8)).object;
            merged.setAll(object);
            return new JsonFile(path, merged);
        } catch (IOException e) {
            throw new AssertionError("the defaults of a family are valid JSON: " + defaults, e);
        }
    }

    /// This object without some of its keys.
    public JsonFile without(Set<String> keys) {
        return new JsonFile(path, object.deepCopy().without(keys));
    }

    /// The first key of `expected`, a JSON object, that this object has with another value, as a clause for an error
    /// message; empty if there is none.
    public Optional<String> firstDifference(String expected) {
        try {
            for (var wanted : parse(path, expected.getBytes(StandardCharsets.UTF_8)).object.properties()) {
                asked.add(wanted.getKey());
                var found = object.get(wanted.getKey());
                if (found != null && !found.isNull() && !same(found, wanted.getValue())) {
                    return Optional.of("sets \"" + wanted.getKey() + "\" to " + found + "; only " + wanted.getValue()
                            + " is supported");
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new AssertionError("what a family expects is valid JSON: " + expected, e);
        }
    }

    private static boolean same(JsonNode found, JsonNode wanted) {
        return found.isNumber() && wanted.isNumber() ? found.doubleValue() == wanted.doubleValue()
                : found.equals(wanted);
    }

    public Path path() {
        return path;
    }

    public List<String> keys() {
        var keys = new ArrayList<String>();
        object.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    public boolean wasAsked(String key) {
        return asked.contains(key);
    }

    /// The keys that were not read and that have a value: not `null`, and not an empty list, object or text.
    public List<String> neverAsked() {
        return keys().stream().filter(key -> !asked.contains(key)).filter(key -> {
            var value = object.get(key);
            return !value.isNull() && (value.isValueNode() ? !value.asText().isEmpty() : !value.isEmpty());
        }).toList();
    }

    private Optional<String> firstOf(String... keys) {
        asked.addAll(List.of(keys));
        for (String key : keys) {
            if (object.hasNonNull(key)) {
                return Optional.of(key);
            }
        }
        return Optional.empty();
    }

    public OptionalInt integer(String... keys) {
        var key = firstOf(keys);
        return key.isEmpty() ? OptionalInt.empty() : OptionalInt.of(integer(key.get(), object.get(key.get())));
    }

    public OptionalDouble real(String... keys) {
        var key = firstOf(keys);
        return key.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(real(key.get(), object.get(key.get())));
    }

    public Optional<Boolean> flag(String... keys) {
        return firstOf(keys).map(key -> {
            var value = object.get(key);
            if (!value.isBoolean()) {
                throw unexpected(key, "true or false", value);
            }
            return value.booleanValue();
        });
    }

    public Optional<String> text(String... keys) {
        return firstOf(keys).map(key -> text(key, object.get(key)));
    }

    public Optional<JsonFile> object(String... keys) {
        return firstOf(keys).map(key -> objectIn(key, object.get(key)));
    }

    /// The spelling of a token: a string, or the `content` of an object that describes the token.
    public Optional<String> tokenText(String key) {
        return isText(key) ? text(key) : object(key).flatMap(token -> token.text("content"));
    }

    public boolean isText(String key) {
        asked.add(key);
        return object.path(key).isTextual();
    }

    /// A list of integers; a single integer is a list of one.
    public List<Integer> integers(String key) {
        return elements(key).stream().map(value -> integer(key, value)).toList();
    }

    public List<Double> reals(String key) {
        return elements(key).stream().map(value -> real(key, value)).toList();
    }

    public List<String> texts(String key) {
        return elements(key).stream().map(value -> text(key, value)).toList();
    }

    public List<JsonFile> objects(String key) {
        return elements(key).stream().map(value -> objectIn(key, value)).toList();
    }

    private List<JsonNode> elements(String key) {
        asked.add(key);
        if (!object.hasNonNull(key)) {
            return List.of();
        }
        var value = object.get(key);
        if (!value.isArray()) {
            return List.of(value);
        }
        var elements = new ArrayList<JsonNode>();
        value.forEach(elements::add);
        return elements;
    }

    private int integer(String key, JsonNode value) {
        if (!value.isNumber() || !value.canConvertToInt() || value.doubleValue() != value.intValue()) {
            throw unexpected(key, "an integer", value);
        }
        return value.intValue();
    }

    private double real(String key, JsonNode value) {
        if (!value.isNumber()) {
            throw unexpected(key, "a number", value);
        }
        return value.doubleValue();
    }

    private String text(String key, JsonNode value) {
        if (!value.isTextual()) {
            throw unexpected(key, "a string", value);
        }
        return value.textValue();
    }

    private JsonFile objectIn(String key, JsonNode value) {
        if (!(value instanceof ObjectNode inner)) {
            throw unexpected(key, "an object", value);
        }
        return new JsonFile(path, inner);
    }

    private ModelFileException unexpected(String key, String expected, JsonNode found) {
        return new ModelFileException(
                path, "\"" + key + "\" should be " + expected + " and is " + shortened(found.toString()));
    }

    private static String shortened(String shown) {
        return shown.length() > MAX_SHOWN ? shown.substring(0, MAX_SHOWN) + "..." : shown;
    }
}
