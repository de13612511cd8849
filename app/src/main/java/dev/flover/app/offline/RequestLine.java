package dev.flover.app.offline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.app.options.FieldNames;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.sampling.SamplingOption;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.json.JsonFormException;
import dev.flover.schemas.json.JsonRequests;
import dev.flover.topology.request.SeedOfId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A line of `--requests`: a JSON object whose fields are named as in the `GenerationRequest` contract.
///
/// The parser is strict, because ignoring a misspelt field would give a wrong answer without a warning: it refuses
/// unknown fields, wrong types and values out of range, and names the field, the value and the range.
final class RequestLine {
    private static final Set<String> FIELDS = Stream.concat(
            Stream.of("id", "prompt", "prompt_ids", "max_tokens", "min_tokens", "seed", "stop", "ignore_eos",
                    "logprobs", "json_schema", "regex", "choices", "grammar", "white_space", "messages", "tools",
                    "tool_choice", "parallel_tool_calls"),
            Arrays.stream(SamplingOption.values()).map(SamplingOption::field)).collect(Collectors.toUnmodifiableSet());

    /// The fields of conversations, and the constraints, which cannot be combined with tools.
    private static final List<String> CHAT_FIELDS = List.of("messages", "tools", "tool_choice", "parallel_tool_calls",
            "json_schema", "regex", "choices", "grammar");
    private static final List<String> PROMPTS = List.of("prompt", "prompt_ids", "messages");
    private static final List<String> CONSTRAINTS = List.of("json_schema", "regex", "choices", "grammar");

    private final ObjectNode object;

    private RequestLine(ObjectNode object) {
        this.object = object;
    }

    /// Parses a line. Fields that the line does not set are taken from `defaults`.
    ///
    /// @throws IllegalArgumentException naming the wrong field, its value and the values that it may have
    static GenerateRequest parse(ObjectMapper mapper, String line, GenerateRequest defaults) {
        JsonNode node;
        try {
            node = mapper.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
        if (!node.isObject()) {
            throw new IllegalArgumentException(
                    "expected a JSON object with a prompt, found " + StrictJson.excerpt(line));
        }
        return new RequestLine((ObjectNode) node).request(defaults);
    }

    private GenerateRequest request(GenerateRequest defaults) {
        refuseUnknownFields();
        var prompts = PROMPTS.stream().filter(this::has).toList();
        if (prompts.size() != 1) {
            throw new IllegalArgumentException(prompts.isEmpty() ? "prompt, prompt_ids or messages is missing"
                    : String.join(" and ", prompts) + (prompts.size() == 2 ? " are both" : " are")
                            + " given; give one");
        }
        int maxTokens = integer("max_tokens", defaults.maxTokens());
        if (maxTokens < 1) {
            throw new IllegalArgumentException("max_tokens must be at least 1, was " + maxTokens);
        }
        var constraint = constraint();
        var stop = stop(defaults.stop());
        boolean ignoreEos = flag("ignore_eos", defaults.ignoreEos());
        if (constraint != null && (!stop.isEmpty() || ignoreEos)) {
            throw new IllegalArgumentException((ignoreEos ? "ignore_eos" : "stop") + " and " + named().getFirst()
                    + " cannot be combined; set only one of them");
        }
        String id = id(defaults.id());
        long seed = seed(defaults.seeded() ? defaults.sampling().seed() : SeedOfId.of(id));
        var sampling = sampling(defaults.sampling(), seed);
        return GenerateRequestBuilder.builder().line(defaults.line()).id(id)
                .prompt(has("prompt") ? string("prompt", object.get("prompt")) : null)
                .promptIds(has("prompt_ids") ? promptIds() : null).maxTokens(maxTokens).sampling(sampling)
                .stop(stop).ignoreEos(ignoreEos).constraint(constraint).seeded(defaults.seeded() || has("seed"))
                .chat(chat(id, sampling.minTokens(), stop, ignoreEos)).build();
    }

    /// Returns the conversation of the line; null if it has no messages.
    private GenerationRequest chat(String id, int minTokens, List<String> stop, boolean ignoreEos) {
        if (!has("messages")) {
            for (String field : List.of("tools", "tool_choice", "parallel_tool_calls")) {
                if (has(field)) {
                    throw new IllegalArgumentException(field + " needs messages, found none");
                }
            }
            return null;
        }
        var chat = object.objectNode().put("id", id).put("min_tokens", minTokens).put("ignore_eos", ignoreEos);
        stop.forEach(chat.putArray("stop")::add);
        for (String field : CHAT_FIELDS) {
            if (has(field)) {
                chat.set(field, object.get(field).deepCopy());
            }
        }
        try {
            return JsonRequests.read(chat.toString().getBytes(StandardCharsets.UTF_8), id);
        } catch (JsonFormException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private List<String> named() {
        return CONSTRAINTS.stream().filter(this::has).toList();
    }

    /// Returns the constraint of the line; null if it has none.
    private ConstraintSource constraint() {
        var given = named();
        if (given.size() > 1) {
            throw new IllegalArgumentException(
                    String.join(" and ", given) + " are given; an answer has one constraint");
        }
        boolean spaced = flag("white_space", false);
        if (spaced && !has("json_schema")) {
            throw new IllegalArgumentException("white_space needs json_schema, which is not set");
        }
        if (given.isEmpty()) {
            return null;
        }
        String field = given.getFirst();
        var value = object.get(field);
        return switch (field) {
            case "json_schema" ->
                new ConstraintSource.JsonSchema(value.isTextual() ? value.textValue() : value.toString(), spaced);
            case "regex" -> new ConstraintSource.Pattern(string(field, value));
            case "grammar" -> new ConstraintSource.Grammar(string(field, value));
            case "choices" -> {
                var texts = new ArrayList<String>();
                array(field).forEach(text -> texts.add(string("choices[" + texts.size() + "]", text)));
                yield new ConstraintSource.Choices(texts);
            }
            default -> throw new AssertionError(field);
        };
    }

    private void refuseUnknownFields() {
        object.fieldNames().forEachRemaining(name -> {
            if (!FIELDS.contains(name)) {
                throw new IllegalArgumentException(
                        "unknown field " + name + "; known are " + String.join(", ", new TreeSet<>(FIELDS)));
            }
        });
    }

    private SamplingParams sampling(SamplingParams defaults, long seed) {
        try {
            return defaults.with(params -> {
                for (var option : SamplingOption.values()) {
                    String field = option.field();
                    if (has(field)) {
                        option.set(params, option.isWhole() ? integer(field, object.get(field)) : number(field));
                    }
                }
                params.seed(seed).topLogprobs(logprobs(defaults.topLogprobs()))
                        .minTokens(integer("min_tokens", defaults.minTokens()));
            });
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(FieldNames.asJson(e.getMessage()), e);
        }
    }

    private boolean has(String field) {
        return object.hasNonNull(field);
    }

    private String id(String otherwise) {
        if (!has("id")) {
            return otherwise;
        }
        JsonNode value = object.get("id");
        return value.isIntegralNumber() ? value.asText() : string("id", value);
    }

    private static String string(String field, JsonNode value) {
        if (!value.isTextual()) {
            throw mistyped(field, "a string", value);
        }
        return value.textValue();
    }

    private float number(String field) {
        JsonNode value = object.get(field);
        if (!value.isNumber()) {
            throw mistyped(field, "a number", value);
        }
        return value.floatValue();
    }

    private int integer(String field, int otherwise) {
        return has(field) ? integer(field, object.get(field)) : otherwise;
    }

    private static int integer(String field, JsonNode value) {
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw mistyped(field, "a whole number below 2147483648", value);
        }
        return value.intValue();
    }

    private int logprobs(int otherwise) {
        int count = integer("logprobs", otherwise);
        if (has("logprobs") && (count < 0 || count > 20)) {
            throw new IllegalArgumentException("logprobs must be in [0, 20], was " + count);
        }
        return count;
    }

    private long seed(long otherwise) {
        if (!has("seed")) {
            return otherwise;
        }
        JsonNode value = object.get("seed");
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw mistyped("seed", "a whole number of 64 bits", value);
        }
        return value.longValue();
    }

    private boolean flag(String field, boolean otherwise) {
        if (!has(field)) {
            return otherwise;
        }
        JsonNode value = object.get(field);
        if (!value.isBoolean()) {
            throw mistyped(field, "true or false", value);
        }
        return value.booleanValue();
    }

    private int[] promptIds() {
        var ids = array("prompt_ids");
        if (ids.isEmpty()) {
            throw new IllegalArgumentException("prompt_ids must have at least one token id, was []");
        }
        int[] result = new int[ids.size()];
        Arrays.setAll(result, i -> integer("prompt_ids[" + i + "]", ids.get(i)));
        return result;
    }

    private List<String> stop(List<String> otherwise) {
        if (!has("stop")) {
            return otherwise;
        }
        if (object.get("stop").isTextual()) {
            return List.of(nonEmpty("stop", object.get("stop").textValue()));
        }
        var texts = new ArrayList<String>();
        array("stop").forEach(text -> texts.add(nonEmpty("stop", string("stop[" + texts.size() + "]", text))));
        return texts;
    }

    private static String nonEmpty(String field, String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException(field + " must not hold an empty text");
        }
        return text;
    }

    private ArrayNode array(String field) {
        if (object.get(field) instanceof ArrayNode array) {
            return array;
        }
        throw mistyped(field, "an array", object.get(field));
    }

    private static IllegalArgumentException mistyped(String field, String expected, JsonNode found) {
        return new IllegalArgumentException(
                field + " must be " + expected + ", was " + StrictJson.excerpt(found.toString()));
    }
}
