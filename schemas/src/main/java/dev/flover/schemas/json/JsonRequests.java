package dev.flover.schemas.json;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import java.util.SortedSet;
import java.util.TreeSet;

/// Reads requests that are JSON, in the contract's field names or in those of OpenAI's API; a request may mix both.
public final class JsonRequests {
    private static final String ID = "id";

    private JsonRequests() {}

    /// @param id the id for a request whose JSON has no `id`
    /// @throws JsonFormException naming the wrong field, its value and the values that it may have
    public static GenerationRequest read(byte[] bytes, String id) {
        return read(parse(bytes), id);
    }

    /// Parses one JSON object, for readers that examine the object before it becomes a request.
    ///
    /// @throws JsonFormException if the bytes are not one JSON object
    public static ObjectNode parse(byte[] bytes) {
        return JsonRecords.parse(bytes);
    }

    /// Returns all names that a request may have in JSON, from the contract and from OpenAI's API, in alphabetical
    /// order.
    public static SortedSet<String> names() {
        var names = new TreeSet<>(OpenAiForm.NAMES);
        GenerationRequest.getClassSchema().getFields().forEach(field -> names.add(field.name()));
        Sampling.getClassSchema().getFields().forEach(field -> names.add(field.name()));
        return names;
    }

    /// @param given the request as JSON; it is changed in place
    /// @param id    the id for a request whose JSON has no `id`
    /// @throws JsonFormException naming the wrong field, its value and the values that it may have
    public static GenerationRequest read(ObjectNode given, String id) {
        ObjectNode object = OpenAiForm.inContractNames(given);
        if (!object.has(ID)) {
            object.put(ID, id);
        }
        return JsonRecords.record(object, GenerationRequest.class);
    }
}
