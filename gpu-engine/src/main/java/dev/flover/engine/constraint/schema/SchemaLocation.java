package dev.flover.engine.constraint.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.constraint.machine.ConstraintException;
import java.net.URI;

/// A subschema with its location. Each subschema has exactly one such object, so that identity is equality.
final class SchemaLocation {
    final JsonNode node;
    /// The URI against which relative references in this subschema are resolved.
    final URI location;
    private final String pointer;

    SchemaLocation(JsonNode node, URI location, String pointer) {
        this.node = node;
        this.location = location;
        this.pointer = pointer;
    }

    /// The place of the subschema as a JSON pointer (RFC 6901).
    String pointer() {
        return pointer;
    }

    String pointer(String keyword) {
        return pointer + "/" + keyword.replace("~", "~0").replace("/", "~1");
    }

    ConstraintException unsupported(String keyword, String why) {
        return new ConstraintException("json_schema: " + keyword + " at " + pointer(keyword) + " is not supported: "
                + why);
    }

    ConstraintException wrong(String keyword, String expected) {
        String found = node.path(keyword).toString();
        return new ConstraintException("json_schema: " + keyword + " at " + pointer(keyword) + " should be " + expected
                + " and is " + (found.length() > 60 ? found.substring(0, 60) + "..." : found));
    }
}
