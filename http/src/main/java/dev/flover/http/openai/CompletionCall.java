package dev.flover.http.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Rejection;
import dev.flover.schemas.RejectionCode;
import dev.flover.schemas.json.JsonFormException;
import dev.flover.schemas.json.JsonRequests;
import dev.flover.schemas.json.NearestName;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The body of a completion or chat completion request, checked as far as that is possible without a model.
///
/// @param kind         the form of the answer
/// @param requests     one for each prompt, with their ids
/// @param stream       whether the answer is a stream of events
/// @param includeUsage whether the stream ends with an event about the number of tokens
public record CompletionCall(
        AnswerKind kind, List<GenerationRequest> requests, boolean stream, boolean includeUsage) {
    /// The most prompts of a completion.
    public static final int MOST_PROMPTS = 128;

    private static final SortedSet<String> KNOWN = JsonRequests.names();
    private static final String PROMPT = "prompt";
    private static final String STREAM = "stream";
    private static final String STREAM_OPTIONS = "stream_options";
    private static final String INCLUDE_USAGE = "include_usage";
    /// A field's path in the contract; the group is the parameter's name.
    private static final Pattern PATH = Pattern.compile("(?:sampling\\.)?([a-z_]+).*", Pattern.DOTALL);

    public CompletionCall {
        requests = List.copyOf(requests);
    }

    /// Returns the model that the client asked for; null if it named none.
    public @Nullable String model() {
        return requests.getFirst().getModel();
    }

    /// Reads a body.
    ///
    /// @param ids         makes the ids of its requests
    /// @param passUnknown whether unknown parameters are ignored instead of being refused
    /// @throws ApiError naming the wrong parameter
    public static CompletionCall read(byte[] bytes, boolean chat, boolean passUnknown, Ids ids) {
        try {
            var body = JsonRequests.parse(bytes);
            requireKnown(body, passUnknown);
            boolean stream = flag(body, STREAM, STREAM);
            boolean usage = includeUsage(body, passUnknown);
            requireContent(body, chat);
            var prompts = prompts(body);
            var names = ids.of(chat, prompts.size());
            var requests = new ArrayList<GenerationRequest>();
            for (int i = 0; i < prompts.size(); i++) {
                requests.add(JsonRequests.read(prompts.get(i), names.get(i)));
            }
            return new CompletionCall(AnswerKind.of(requests.getFirst()), requests, stream, usage);
        } catch (JsonFormException e) {
            throw e.isUnknownField() ? ApiError.unknownParameter(param(e.field()), e.getMessage())
                    : ApiError.invalid(param(e.field()), e.getMessage());
        }
    }

    /// Makes ids for the requests of a body.
    public interface Ids {
        List<String> of(boolean chat, int count);
    }

    /// Makes the error for a request that the pipeline rejected.
    ///
    /// @param kind null if the pipeline is of a release that does not state it
    public static ApiError rejected(@Nullable Rejection kind, String message) {
        String param = kind == null ? null : param(kind.getField());
        return switch (kind == null ? RejectionCode.UNKNOWN : kind.getCode()) {
            case UNKNOWN, INVALID -> ApiError.invalid(param, message);
            case UNKNOWN_FIELD -> ApiError.unknownParameter(param, message);
            case UNKNOWN_MODEL -> ApiError.notFound("model_not_found", message);
            case TOO_LARGE -> ApiError.of(413, "request_too_large", message);
        };
    }

    /// Returns the parameter that has a field: `top_p` for `sampling.top_p`, and `messages` for `messages[0].role`.
    private static @Nullable String param(@Nullable String field) {
        var matcher = PATH.matcher(field == null ? "" : field);
        return matcher.matches() ? matcher.group(1) : null;
    }

    private static void requireKnown(ObjectNode body, boolean passUnknown) {
        if (body.has("id")) {
            throw ApiError.invalid("id", "id cannot be given in the body; the header Idempotency-Key names a request");
        }
        var unknown = new ArrayList<String>();
        body.fieldNames().forEachRemaining(name -> {
            if (!KNOWN.contains(name)) {
                unknown.add(name);
            }
        });
        if (passUnknown) {
            body.remove(unknown);
        } else if (!unknown.isEmpty()) {
            String name = unknown.getFirst();
            throw ApiError.unknownParameter(name, "there is no parameter " + excerpt(name) + "; the nearest is "
                    + NearestName.to(name, KNOWN) + ". With the header Flover-Unknown-Parameters: ignore, unknown "
                    + "parameters have no effect");
        }
    }

    private static String excerpt(String name) {
        return name.length() <= 60 ? name : name.substring(0, 60) + "...";
    }

    private static boolean flag(JsonNode object, String name, String path) {
        var value = object.path(name);
        if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
            throw ApiError.invalid(path, path + " must be true or false, was " + excerpt(value.toString()));
        }
        return value.asBoolean(false);
    }

    private static boolean includeUsage(ObjectNode body, boolean passUnknown) {
        var options = body.path(STREAM_OPTIONS);
        if (options.isMissingNode() || options.isNull()) {
            return false;
        }
        if (!options.isObject()) {
            throw ApiError.invalid(STREAM_OPTIONS, "stream_options must be an object, was "
                    + excerpt(options.toString()));
        }
        options.fieldNames().forEachRemaining(name -> {
            if (!name.equals(INCLUDE_USAGE) && !passUnknown) {
                throw ApiError.unknownParameter(STREAM_OPTIONS, "there is no parameter stream_options." + excerpt(name)
                        + "; there is include_usage");
            }
        });
        return flag(options, INCLUDE_USAGE, STREAM_OPTIONS + "." + INCLUDE_USAGE);
    }

    private static void requireContent(ObjectNode body, boolean chat) {
        boolean prompt = body.hasNonNull(PROMPT) || body.hasNonNull("prompt_ids");
        boolean messages = body.hasNonNull("messages");
        if (chat && !messages) {
            throw ApiError.invalid("messages", "messages must be an array of objects with role and content, "
                    + "was missing");
        }
        if (chat && prompt) {
            throw ApiError.invalid(PROMPT, "prompt cannot be given beside messages; /v1/completions takes it");
        }
        if (!chat && messages) {
            throw ApiError.invalid("messages", "messages cannot be given to /v1/completions; "
                    + "/v1/chat/completions takes them");
        }
        if (!chat && !prompt) {
            throw ApiError.invalid(PROMPT, "prompt must be a text, an array of token ids, or an array of either; was "
                    + "missing");
        }
    }

    /// Returns a copy of the body for each of its prompts.
    private static List<ObjectNode> prompts(ObjectNode body) {
        if (!(body.get(PROMPT) instanceof ArrayNode prompts) || prompts.isEmpty() || prompts.get(0).isNumber()) {
            return List.of(body);
        }
        if (prompts.size() > MOST_PROMPTS) {
            throw ApiError.invalid(PROMPT, "prompt must have at most " + MOST_PROMPTS + " entries, was "
                    + prompts.size());
        }
        var bodies = new ArrayList<ObjectNode>();
        for (var prompt : prompts) {
            var one = body.deepCopy();
            one.set(PROMPT, prompt);
            bodies.add(one);
        }
        return bodies;
    }
}
