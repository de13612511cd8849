package dev.flover.schemas.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import java.io.UncheckedIOException;
import java.util.SortedSet;
import java.util.TreeSet;

/// Reads and writes requests that are JSON. Fields that are read have the contract's names or those of OpenAI's API; a
/// request may mix both.
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

    /// Writes a request without the fields that have their default values, so that a pipeline of an older release,
    /// which refuses fields that it does not know, accepts every request that sets none of them.
    public static byte[] write(GenerationRequest request) {
        try {
            return JsonRecords.MAPPER.writeValueAsBytes(JsonValues.withoutDefaults(request));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
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
