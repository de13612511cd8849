package dev.flover.topology.tools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/// Reads JSON inside texts, and converts it to the values that chat templates read.
public final class JsonValues {
    private static final int MAX_NESTING = 64;
    private static final int MAX_STRING = 4 << 20;
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_NESTING).maxStringLength(MAX_STRING).build()).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

    private JsonValues() {}

    /// A JSON value that was found in a text, and the index after its last character.
    record Found(JsonNode value, int end) {}

    /// Reads a text that is one JSON object and nothing else; null where it is not.
    public static @Nullable JsonNode objectIn(String text) {
        var found = at(text, skipSpace(text, 0));
        return found != null && found.value.isObject() && skipSpace(text, found.end) == text.length()
                ? found.value : null;
    }

    /// Reads the JSON object or array that begins in a text at an index; null where none begins there, or where it is
    /// cut off.
    static @Nullable Found at(String text, int place) {
        if (place >= text.length() || text.charAt(place) != '{' && text.charAt(place) != '[') {
            return null;
        }
        try (var rest = new StringReader(text)) {
            rest.skip(place);
            JsonParser parser = MAPPER.getFactory().createParser(rest);
            JsonNode value = MAPPER.readTree(parser);
            return new Found(value, place + (int) parser.currentLocation().getCharOffset());
        } catch (IOException notJson) {
            return null;
        }
    }

    static int skipSpace(String text, int place) {
        int at = place;
        while (at < text.length() && " \n\t\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return at;
    }

    /// Converts a JSON value to strings, `Long`, `Double`, booleans, null, and lists and maps of these.
    public static @Nullable Object value(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> {
                var map = new LinkedHashMap<String, Object>();
                node.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
                yield map;
            }
            case ARRAY -> {
                var list = new ArrayList<Object>();
                node.forEach(element -> list.add(value(element)));
                yield list;
            }
            case STRING -> node.textValue();
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> {
                if (node.isIntegralNumber() && node.canConvertToLong()) {
                    yield node.longValue();
                }
                yield node.doubleValue();
            }
            case NULL, MISSING, BINARY, POJO -> null;
        };
    }
}
