package dev.flover.schemas.serdes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.avro.Schema;

/// A schema as it is stored: everything that reading needs, defaults included, without the parts that serve only people
/// or Java.
///
/// @param fingerprint the first 8 bytes of the text's SHA-256
/// @param text        the schema as JSON
public record SchemaText(long fingerprint, String text) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static SchemaText of(Schema schema) {
        try {
            String text = JSON.writeValueAsString(stripped(JSON.readTree(schema.toString())));
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return new SchemaText(ByteBuffer.wrap(hash).getLong(), text);
        } catch (JsonProcessingException | NoSuchAlgorithmException e) {
            throw new AssertionError("a schema is JSON, and every Java platform has SHA-256", e);
        }
    }

    /// Removes the documentation and Java's choice of a string class from a schema; default values stay as they are.
    private static JsonNode stripped(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.remove("doc");
            object.remove("avro.java.string");
            object.properties().forEach(property -> {
                if (!property.getKey().equals("default")) {
                    stripped(property.getValue());
                }
            });
        } else {
            node.forEach(SchemaText::stripped);
        }
        return node;
    }

    Schema schema() {
        return new Schema.Parser().parse(text);
    }
}
