package dev.flover.schemas.json;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.GenerationRequest;

/// Reads requests that are JSON, in the contract's field names or in those of OpenAI's API; a request may mix both.
public final class JsonRequests {
    private static final String ID = "id";

    private JsonRequests() {}

    /// @param id the id for a request whose JSON has no `id`
    /// @throws JsonFormException naming the wrong field, its value and the values that it may have
    public static GenerationRequest read(byte[] bytes, String id) {
        ObjectNode object = OpenAiForm.inContractNames(JsonRecords.parse(bytes));
        if (!object.has(ID)) {
            object.put(ID, id);
        }
        return JsonRecords.record(object, GenerationRequest.class);
    }
}
