package dev.flover.schemas.json;

import static dev.flover.schemas.json.JsonValues.mistyped;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// Renames the tool fields of an OpenAI chat completion request to the names of the contract. On the left
/// are OpenAI's fields, on the right those of the contract:
///
/// ```
///   tools[]: {type, function: {name, description, parameters: {...}}}         {name, description, parameters: "{...}"}
///   tool_choice: {type, function: {name}}                                     name
///   messages[].tool_calls[]: {id, type, function: {name, arguments}}          {id, name, arguments}
/// ```
final class OpenAiTools {
    private static final String FUNCTION = "function";
    private static final String PARAMETERS = "parameters";
    private static final String TOOL_CHOICE = "tool_choice";
    private static final String TOOL_CALLS = "tool_calls";
    private static final String CONTENT = "content";

    private OpenAiTools() {}

    /// @param object the request's body; it is changed in place
    static void inContractNames(ObjectNode object) {
        if (object.get("tools") instanceof ArrayNode tools) {
            for (int i = 0; i < tools.size(); i++) {
                tool(tools.get(i), "tools[" + i + "]");
            }
        }
        if (object.get(TOOL_CHOICE) instanceof ObjectNode choice) {
            flatten(choice, TOOL_CHOICE);
            object.set(TOOL_CHOICE, choice.path("name"));
        }
        if (object.get("messages") instanceof ArrayNode messages) {
            for (int i = 0; i < messages.size(); i++) {
                message(messages.get(i), "messages[" + i + "]");
            }
        }
    }

    private static void tool(JsonNode node, String path) {
        if (node instanceof ObjectNode tool) {
            flatten(tool, path);
            var strict = tool.remove("strict");
            if (strict != null && strict.asBoolean()) {
                throw new JsonFormException(path, path + ".function.strict must be false, was true: arguments fit "
                        + "their schema where tool_choice is required or names the tool");
            }
            if (tool.get(PARAMETERS) instanceof ObjectNode parameters) {
                tool.put(PARAMETERS, parameters.toString());
            }
        }
    }

    private static void message(JsonNode node, String path) {
        if (node instanceof ObjectNode message && message.get(TOOL_CALLS) instanceof ArrayNode calls) {
            for (int i = 0; i < calls.size(); i++) {
                if (calls.get(i) instanceof ObjectNode call) {
                    flatten(call, path + ".tool_calls[" + i + "]");
                }
            }
            if (!message.hasNonNull(CONTENT)) {
                message.put(CONTENT, "");
            }
        }
    }

    /// Moves the fields of the inner object `function` into the object around it, and removes `type`.
    private static void flatten(ObjectNode object, String path) {
        var type = object.remove("type");
        if (type != null && !type.asText().equals(FUNCTION)) {
            throw mistyped(path + ".type", "function", type);
        }
        var function = object.remove(FUNCTION);
        if (function instanceof ObjectNode said) {
            object.setAll(said);
        } else if (function != null) {
            throw mistyped(path + ".function", "an object", function);
        }
    }
}
