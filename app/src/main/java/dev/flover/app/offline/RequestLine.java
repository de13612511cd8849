package dev.flover.app.offline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.sampling.SamplingOption;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.json.JsonFormException;
import dev.flover.schemas.json.JsonRequests;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.avro.specific.SpecificData;

/// A line of `--requests`: a request as the requests topic takes it in JSON, in the contract's names or in those of
/// OpenAI's API. Fields that the line does not set are taken from the options.
final class RequestLine {
    /// The fields that the engine alone can serve.
    private static final Set<String> SERVED = Set.of("id", "prompt", "prompt_ids", "messages", "sampling", "max_tokens",
            "min_tokens", "stop", "stop_ids", "ignore_eos", "seed", "logprobs", "json_schema", "regex", "choices",
            "grammar", "white_space", "tools", "tool_choice", "parallel_tool_calls");

    private RequestLine() {}

    /// Parses a line. Its number is the id of a request that has none.
    ///
    /// @throws IllegalArgumentException naming the wrong field, its value and the values that it may have
    static PlacedRequest parse(String line, int number, GenerationRequest defaults) {
        try {
            return new PlacedRequest(number, request(line, number, defaults));
        } catch (JsonFormException e) {
            throw new IllegalArgumentException(e.getMessage().replace("in line 1, column", "in column"), e);
        }
    }

    private static GenerationRequest request(String line, int number, GenerationRequest defaults) {
        var object = JsonRequests.parse(line.getBytes(StandardCharsets.UTF_8));
        if (object.path("id").isIntegralNumber()) {
            object.put("id", object.get("id").asText());
        }
        fill(object, defaults);
        var request = JsonRequests.read(object, Integer.toString(number));
        refuseFieldsOfPipelines(request);
        fill(request, defaults);
        return request;
    }

    /// Sets the fields whose absence cannot be seen in a record.
    private static void fill(ObjectNode object, GenerationRequest defaults) {
        if (!object.hasNonNull("min_tokens")) {
            object.put("min_tokens", defaults.getMinTokens());
        }
        if (!object.hasNonNull("ignore_eos")) {
            object.put("ignore_eos", defaults.getIgnoreEos());
        }
        if (!object.hasNonNull("stop")) {
            defaults.getStop().forEach(object.putArray("stop")::add);
        }
    }

    private static void fill(GenerationRequest request, GenerationRequest defaults) {
        for (var option : SamplingOption.values()) {
            String field = option.field();
            if (request.getSampling().get(field) == null) {
                request.getSampling().put(field, defaults.getSampling().get(field));
            }
        }
        for (String field : List.of("max_tokens", "logprobs", "seed")) {
            if (request.get(field) == null) {
                request.put(field, defaults.get(field));
            }
        }
    }

    private static void refuseFieldsOfPipelines(GenerationRequest request) {
        for (var field : request.getSchema().getFields()) {
            String name = field.name();
            if (!SERVED.contains(name)
                    && !Objects.equals(SpecificData.get().getDefaultValue(field), request.get(name))) {
                throw new IllegalArgumentException(name + " is served by pipelines alone; leave it out, or send the "
                        + "request with submit");
            }
        }
    }
}
