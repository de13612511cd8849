package dev.flover.schemas.json;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.GenerationRequest;

/// Requests as JSON, in the contract's field names or in those of OpenAI's API; both may be mixed.
public final class JsonRequests {
    private static final String ID = "id";

    private JsonRequests() {}

    /// @param id of a request that says none
    /// @throws JsonFormException saying which field is wrong, what it was and what it may be
    public static GenerationRequest read(byte[] bytes, String id) {
        ObjectNode object = OpenAiForm.inContractNames(JsonRecords.parse(bytes));
        if (!object.has(ID)) {
            object.put(ID, id);
        }
        return JsonRecords.record(object, GenerationRequest.class);
    }
}
