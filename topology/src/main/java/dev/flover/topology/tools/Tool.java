package dev.flover.topology.tools;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A function that the model may call. The constructor throws `WrongFieldException` for a name of other characters
/// than letters, digits, `_` and `-`, and for parameters that are no JSON Schema of an object.
///
/// @param description tells the model what the tool does; may be empty
/// @param parameters  a JSON Schema of type object, as JSON text; null for a function without parameters
public record Tool(String name, String description, @Nullable String parameters) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final String NO_PARAMETERS =
            "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}";

    public Tool {
        if (!NAME.matcher(name).matches()) {
            throw new WrongFieldException("tools", "the name of a tool must be 1 to 64 of letters, digits, _ and -, "
                    + "was '" + (name.length() > 64 ? name.substring(0, 64) + "..." : name) + "'");
        }
        if (parameters != null) {
            var schema = JsonValues.objectIn(parameters);
            if (schema == null || !schema.path("type").asText().equals("object")) {
                throw new WrongFieldException("tools", "the parameters of the tool " + name
                        + " must be a JSON Schema with \"type\": \"object\"");
            }
        }
    }

    /// The JSON Schema that the tool's arguments have to fit.
    String schema() {
        return parameters == null ? NO_PARAMETERS : parameters;
    }

    /// The tool as a map, which is the form that chat templates read.
    public Map<String, Object> value() {
        var function = new LinkedHashMap<String, Object>();
        function.put("name", name);
        function.put("description", description);
        function.put("parameters", JsonValues.value(Objects.requireNonNull(JsonValues.objectIn(schema()))));
        var value = new LinkedHashMap<String, Object>();
        value.put("type", "function");
        value.put("function", function);
        return value;
    }
}
