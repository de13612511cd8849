package dev.flover.benchmarks.constraints;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.constraint.regex.Alphabet;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A schema with values, each marked as valid or invalid for it.
///
/// @param schema the schema as JSON
record SchemaCase(String name, String schema, List<Instance> instances) {
    /// @param text the value as JSON, compact or with a blank after each colon and comma
    record Instance(boolean valid, String text) {}

    static SchemaCase of(JsonNode line, boolean spaced) {
        var instances = new ArrayList<Instance>();
        for (var test : line.path("tests")) {
            var text = new ByteArrayOutputStream();
            write(test.path("data"), spaced, text);
            instances.add(new Instance(test.path("valid").asBoolean(), text.toString(StandardCharsets.UTF_8)));
        }
        return new SchemaCase(line.path("name").asText(), line.path("schema").toString(), instances);
    }

    private static void write(JsonNode value, boolean spaced, ByteArrayOutputStream to) {
        if (value.isTextual()) {
            to.writeBytes(Alphabet.JSON.write(value.asText()));
        } else if (value.isObject()) {
            char before = '{';
            for (var entry : value.properties()) {
                to.write(before);
                to.writeBytes((spaced && before == ',' ? " " : "").getBytes(StandardCharsets.UTF_8));
                to.writeBytes(Alphabet.JSON.write(entry.getKey()));
                to.writeBytes((spaced ? ": " : ":").getBytes(StandardCharsets.UTF_8));
                write(entry.getValue(), spaced, to);
                before = ',';
            }
            to.writeBytes((value.isEmpty() ? "{}" : "}").getBytes(StandardCharsets.UTF_8));
        } else if (value.isArray()) {
            char before = '[';
            for (var item : value) {
                to.write(before);
                to.writeBytes((spaced && before == ',' ? " " : "").getBytes(StandardCharsets.UTF_8));
                write(item, spaced, to);
                before = ',';
            }
            to.writeBytes((value.isEmpty() ? "[]" : "]").getBytes(StandardCharsets.UTF_8));
        } else {
            to.writeBytes(value.toString().getBytes(StandardCharsets.UTF_8));
        }
    }
}
