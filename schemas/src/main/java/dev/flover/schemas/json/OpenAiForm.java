package dev.flover.schemas.json;

import static dev.flover.schemas.json.JsonValues.mistyped;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.Sampling;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;

/// Renames the fields of an OpenAI completion or chat completion request to the names of the contract. On the left are
/// OpenAI's fields, on the right those of the contract:
///
/// ```
///   n                                  answers
///   max_completion_tokens              max_tokens
///   prompt: [1, 2] / ["one"]           prompt_ids / prompt
///   stop: "text"                       stop: ["text"]
///   logprobs: true, top_logprobs: 5    logprobs: 5
///   logit_bias: {"50256": -100}        sampling.logit_bias: [{"token_id": 50256, "bias": -100}]
///   temperature, top_p, ...            sampling.temperature, ...
///   messages[].content: [{text}, ...]  messages[].content: "..."
///   response_format                    json_schema
///   user                               tenant
///   tools, tool_choice, tool_calls     [OpenAiTools]
///   stream, stream_options             nothing: tokens and the whole answer are always written, to topics of their own
/// ```
final class OpenAiForm {
    /// OpenAI's names that are not names of the contract.
    static final List<String> NAMES = List.of("n", "max_completion_tokens", "user", "stream", "stream_options",
            "top_logprobs", "response_format");

    private static final String SAMPLING = "sampling";
    private static final String LOGIT_BIAS = "logit_bias";
    private static final String LOGPROBS = "logprobs";
    private static final String TOP_LOGPROBS = "top_logprobs";
    private static final String JSON_SCHEMA = "json_schema";
    private static final String PROMPT = "prompt";
    private static final String STOP = "stop";
    private static final String TYPE = "type";
    private static final String TEXT = "text";
    private static final String CONTENT = "content";

    private final ObjectNode object;

    private OpenAiForm(ObjectNode object) {
        this.object = object;
    }

    /// @param object the request's body; it is changed in place and returned
    static ObjectNode inContractNames(ObjectNode object) {
        var form = new OpenAiForm(object);
        form.dropNulls();
        form.rename("n", "answers");
        form.rename("max_completion_tokens", "max_tokens");
        form.rename("user", "tenant");
        object.remove("stream");
        object.remove("stream_options");
        form.prompt();
        form.stop();
        form.logprobs();
        OpenAiTools.inContractNames(object);
        form.messages();
        form.responseFormat();
        form.sampling();
        return object;
    }

    private void dropNulls() {
        var names = new ArrayList<String>();
        object.properties().forEach(entry -> {
            if (entry.getValue().isNull()) {
                names.add(entry.getKey());
            }
        });
        object.remove(names);
    }

    private void rename(String name, String inContract) {
        var value = object.remove(name);
        if (value != null) {
            put(name, inContract, value);
        }
    }

    private void put(String name, String inContract, JsonNode value) {
        if (object.has(inContract)) {
            throw new JsonFormException(name, name + " and " + inContract
                    + " are both given and mean the same; give one");
        }
        object.set(inContract, value);
    }

    private void prompt() {
        if (!(object.get(PROMPT) instanceof ArrayNode prompts)) {
            return;
        }
        object.remove(PROMPT);
        if (!prompts.isEmpty() && prompts.get(0).isNumber()) {
            put(PROMPT, "prompt_ids", prompts);
        } else if (prompts.size() == 1) {
            object.set(PROMPT, prompts.get(0));
        } else {
            throw mistyped(PROMPT, "a string, an array of one, or an array of token ids; each prompt is a request of "
                    + "its own", prompts);
        }
    }

    private void stop() {
        var stop = object.get(STOP);
        if (stop != null && stop.isTextual()) {
            object.putArray(STOP).add(stop);
        }
    }

    private void logprobs() {
        var top = object.remove(TOP_LOGPROBS);
        var logprobs = object.get(LOGPROBS);
        if (logprobs != null && logprobs.isBoolean()) {
            object.remove(LOGPROBS);
            if (logprobs.booleanValue()) {
                object.set(LOGPROBS, top == null ? object.numberNode(0) : top);
                return;
            }
        }
        if (top != null) {
            throw new JsonFormException(TOP_LOGPROBS, TOP_LOGPROBS + " needs " + LOGPROBS + ": true");
        }
    }

    private void messages() {
        if (!(object.get("messages") instanceof ArrayNode messages)) {
            return;
        }
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i) instanceof ObjectNode message && message.get(CONTENT) instanceof ArrayNode parts) {
                message.put(CONTENT, joined(parts, "messages[" + i + "]." + CONTENT));
            }
        }
    }

    private static String joined(ArrayNode parts, String path) {
        var text = new StringBuilder();
        for (var part : parts) {
            if (!part.path(TYPE).asText().equals(TEXT) || !part.path(TEXT).isTextual()) {
                throw mistyped(path, "a string, or parts of the type text", part);
            }
            text.append(part.get(TEXT).textValue());
        }
        return text.toString();
    }

    private void responseFormat() {
        var format = object.remove("response_format");
        if (format != null) {
            switch (format.path(TYPE).asText()) {
                case TEXT -> { }
                case "json_object" -> put("response_format", JSON_SCHEMA, object.textNode("{\"type\":\"object\"}"));
                case JSON_SCHEMA -> {
                    var schema = format.path(JSON_SCHEMA).path("schema");
                    if (!schema.isObject() && !schema.isBoolean()) {
                        throw mistyped("response_format.json_schema.schema", "a JSON Schema", schema);
                    }
                    put("response_format", JSON_SCHEMA, schema);
                }
                default -> throw mistyped("response_format.type", "one of text, json_object, json_schema",
                        format.path(TYPE));
            }
        }
        var schema = object.get(JSON_SCHEMA);
        if (schema != null && !schema.isTextual()) {
            object.put(JSON_SCHEMA, schema.toString());
        }
    }

    private void sampling() {
        var given = object.get(SAMPLING);
        if (given != null && !given.isObject()) {
            throw mistyped(SAMPLING, "an object", given);
        }
        var sampling = given == null ? object.objectNode() : (ObjectNode) given;
        for (Schema.Field field : Sampling.getClassSchema().getFields()) {
            var value = object.remove(field.name());
            if (value != null && sampling.has(field.name())) {
                throw new JsonFormException(field.name(), field.name() + " and " + SAMPLING + "." + field.name()
                        + " are both given; give one");
            }
            if (value != null) {
                sampling.set(field.name(), value);
            }
        }
        if (sampling.get(LOGIT_BIAS) instanceof ObjectNode byId) {
            sampling.set(LOGIT_BIAS, biases(byId));
        }
        object.set(SAMPLING, sampling);
    }

    private static ArrayNode biases(ObjectNode byId) {
        var biases = byId.arrayNode();
        byId.properties().forEach(entry -> {
            try {
                biases.addObject().put("token_id", Integer.parseInt(entry.getKey())).set("bias", entry.getValue());
            } catch (NumberFormatException e) {
                throw new JsonFormException(LOGIT_BIAS, "the names in logit_bias must be token ids, was "
                        + entry.getKey());
            }
        });
        return biases;
    }
}
