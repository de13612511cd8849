package dev.flover.topology.request;

import dev.flover.engine.chat.ChatTemplateException;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingOption;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.StoredSchema;
import dev.flover.schemas.TokenBias;
import dev.flover.schemas.ToolCall;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.tools.WrongFieldException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Decides whether a request can be served here, and turns its prompt into token ids.
public final class RequestCheck {
    private static final String PROMPT = "prompt";
    private static final String PROMPT_IDS = "prompt_ids";
    private static final String MESSAGES = "messages";
    private static final int MAX_TENANT_BYTES = 256;
    private static final int MAX_ALTERNATIVES = 20;
    public static final int MAX_PRIORITY = 100;

    private final Model model;
    private final RequestLimits limits;
    private final @Nullable Chat chat;

    /// The outcome of the check.
    public sealed interface Verdict {
        /// The request can be served.
        ///
        /// @param promptIds the prompt's token ids, at least one
        /// @param plan      the options by which it is computed
        record Accepted(int[] promptIds, RequestPlan plan) implements Verdict {}

        record Rejected(RequestFault fault) implements Verdict {}
    }

    /// @param chat writes messages as a prompt by the model's template; null where the model has none
    public RequestCheck(Model model, RequestLimits limits, @Nullable Chat chat) {
        this.model = model;
        this.limits = limits;
        this.chat = chat;
    }

    /// Checks a request.
    ///
    /// @param key the record's key, which the request's id must equal
    public Verdict check(String key, GenerationRequest request) {
        try {
            checkIdentity(key, request);
            checkSampling(request);
            checkLimits(request);
            RequestConstraint.check(request, model);
            RequestTools.check(request, chat, model);
            int[] promptIds = promptIds(request);
            checkPrompt(promptIds, request);
            return new Verdict.Accepted(promptIds, plan(request, promptIds.length));
        } catch (WrongFieldException e) {
            return new Verdict.Rejected(RequestFault.invalid(e.field(), e.getMessage()));
        } catch (ChatTemplateException e) {
            return new Verdict.Rejected(RequestFault.invalid(MESSAGES, e.getMessage()));
        } catch (IllegalArgumentException e) {
            return new Verdict.Rejected(RequestFault.invalid(null, e.getMessage()));
        }
    }

    /// The options by which an accepted request is computed.
    public RequestPlan plan(GenerationRequest request, int promptTokens) {
        return RequestPlan.of(request, promptTokens, model, limits.tokens() / request.getAnswers());
    }

    /// The constraint of a request's answers; null where there is none.
    public Constraints.@Nullable Wish wish(StoredRequest stored) {
        return wish(stored.getRequest(), stored.getResolvedSchema());
    }

    /// The constraint of a request's answers; null where there is none.
    ///
    /// @param schema the schema of the registry that the request names; null where it names none
    public Constraints.@Nullable Wish wish(GenerationRequest request, @Nullable StoredSchema schema) {
        var wish = RequestTools.wish(request, chat);
        return wish == null ? RequestConstraint.wish(request, schema) : wish;
    }

    /// The tool calls in an answer.
    ///
    /// @param answer the answer's index
    /// @param ids    the answer's token ids
    public List<ToolCall> calls(GenerationRequest request, int answer, int[] ids) {
        return RequestTools.calls(request, answer, ids, chat, model.tokenizer());
    }

    /// The text of the prompt, which an answer with `echo` begins with.
    public String promptText(GenerationRequest request, int[] promptIds) {
        if (request.getPrompt() != null) {
            return request.getPrompt();
        }
        var tokenizer = model.tokenizer();
        assert tokenizer != null : "a request with echo is refused if the model file has no tokenizer";
        return tokenizer.decode(promptIds);
    }

    private void checkIdentity(String key, GenerationRequest request) {
        if (!request.getId().equals(key)) {
            throw new WrongFieldException("id", "id must equal the record's key '" + brief(key) + "', was '"
                    + brief(request.getId()) + "'");
        }
        int tenantBytes = request.getTenant().getBytes(StandardCharsets.UTF_8).length;
        range("tenant", "bytes of tenant", tenantBytes, 0, MAX_TENANT_BYTES);
    }

    private void checkSampling(GenerationRequest request) {
        var sampling = request.getSampling();
        for (var option : SamplingOption.values()) {
            var value = RequestSampling.given(sampling, option);
            if (value != null && !option.allows(value)) {
                throw new WrongFieldException("sampling." + option.field(),
                        "sampling." + option.field() + " must be in " + option.range() + ", was " + value);
            }
        }
        checkBiases(sampling.getLogitBias());
        range("sampling.allowed_ids", "entries of sampling.allowed_ids", sampling.getAllowedIds().size(), 0,
                model.config().vocabulary());
        tokenIds("sampling.allowed_ids", TokenIds.array(sampling.getAllowedIds()));
    }

    private void checkBiases(List<TokenBias> biases) {
        range("sampling.logit_bias", "entries of sampling.logit_bias", biases.size(), 0, limits.tokenBiases());
        var seen = new HashSet<Integer>();
        for (var bias : biases) {
            range("sampling.logit_bias.token_id", bias.getTokenId(), 0, model.config().vocabulary() - 1);
            if (!seen.add(bias.getTokenId())) {
                throw new WrongFieldException("sampling.logit_bias", "sampling.logit_bias must name each token once, "
                        + "found token " + bias.getTokenId() + " twice");
            }
            if (!(bias.getBias() < Float.POSITIVE_INFINITY)) {
                throw new WrongFieldException("sampling.logit_bias", "sampling.logit_bias of token " + bias.getTokenId()
                        + " must be a number below +Infinity, was " + bias.getBias());
            }
        }
    }

    private void checkLimits(GenerationRequest request) {
        range("answers", request.getAnswers(), 1, limits.answers());
        range("max_tokens", request.getMaxTokens(), 1, limits.tokens() / request.getAnswers());
        int most = request.getMaxTokens() == null ? limits.tokens() : request.getMaxTokens();
        range("min_tokens", request.getMinTokens(), 0, most);
        range("stop", "entries of stop", request.getStop().size(), 0, limits.stopStrings());
        for (var stop : request.getStop()) {
            range("stop", "characters of a stop string", stop.length(), 1, limits.stopLength());
            if (!StandardCharsets.UTF_16BE.newEncoder().canEncode(stop)) {
                throw new WrongFieldException("stop",
                        "a stop string must have whole characters, found half a surrogate pair");
            }
        }
        range("stop_ids", "entries of stop_ids", request.getStopIds().size(), 0, limits.stopStrings());
        tokenIds("stop_ids", TokenIds.array(request.getStopIds()));
        range("logprobs", request.getLogprobs(), 0, MAX_ALTERNATIVES);
        range("prompt_logprobs", request.getPromptLogprobs(), 0, MAX_ALTERNATIVES);
        range("priority", request.getPriority(), -MAX_PRIORITY, MAX_PRIORITY);
        if (request.getDeadlineMs() != null && request.getDeadlineMs() < 1) {
            throw new WrongFieldException("deadline_ms", "deadline_ms must be at least 1, was "
                    + request.getDeadlineMs());
        }
    }

    private int[] promptIds(GenerationRequest request) {
        int prompts = (request.getPrompt() == null ? 0 : 1) + (request.getPromptIds() == null ? 0 : 1)
                + (request.getMessages() == null ? 0 : 1);
        if (prompts != 1) {
            throw new WrongFieldException(PROMPT,
                    "exactly one of prompt, prompt_ids and messages must be set, found " + prompts + " of them");
        }
        if (request.getPromptIds() != null) {
            int[] ids = TokenIds.array(request.getPromptIds());
            tokenIds(PROMPT_IDS, ids);
            return ids;
        }
        var tokenizer = model.tokenizer();
        if (tokenizer == null) {
            throw new WrongFieldException(PROMPT, "the model file has no tokenizer: send prompt_ids");
        }
        if (request.getPrompt() != null) {
            // An empty prompt has no tokens: a tokenizer that begins every text with a mark of its own would return
            // one.
            return request.getPrompt().isEmpty() ? new int[0] : tokenizer.encodePrompt(request.getPrompt());
        }
        if (request.getMessages().isEmpty()) {
            throw new WrongFieldException(MESSAGES, "messages must have at least one entry, found none");
        }
        if (chat == null) {
            throw new WrongFieldException(MESSAGES, "the model file has no chat template: send prompt or prompt_ids");
        }
        return chat.prompt(request.getMessages(), RequestTools.of(request).shown());
    }

    private void checkPrompt(int[] promptIds, GenerationRequest request) {
        int context = model.config().contextLength();
        if (promptIds.length == 0) {
            throw new WrongFieldException(promptField(request), "the prompt must have at least one token, found none");
        }
        if (promptIds.length >= context) {
            throw new WrongFieldException(promptField(request), "the prompt must leave room for an answer in the "
                    + "model's context of " + context + " tokens, found " + promptIds.length + " tokens");
        }
        for (int id : promptIds) {
            if (id >= model.config().vocabulary()) {        // the tokenizer may know more tokens than the model
                var tokenizer = model.tokenizer();
                assert tokenizer != null : "prompt_ids have been checked against the model's vocabulary";
                throw new WrongFieldException(promptField(request), "the prompt must have tokens that the model "
                        + "knows, in [0, " + (model.config().vocabulary() - 1) + "], found " + id + " ("
                        + tokenizer.spelling(id) + ")");
            }
        }
        if (model.tokenizer() == null && (!request.getStop().isEmpty() || request.getEcho())) {
            throw new WrongFieldException(request.getEcho() ? "echo" : "stop",
                    "the model file has no tokenizer: stop must be empty, use stop_ids, and echo must be false");
        }
    }

    private static String promptField(GenerationRequest request) {
        return request.getPrompt() != null ? PROMPT : request.getPromptIds() != null ? PROMPT_IDS : MESSAGES;
    }

    private void tokenIds(String field, int[] ids) {
        int vocabulary = model.config().vocabulary();
        for (int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new WrongFieldException(field, field + " must be in [0, " + (vocabulary - 1) + "], found " + id);
            }
        }
    }

    private static void range(String field, Number value, double least, double most) {
        range(field, field, value, least, most);
    }

    /// @param quantity the name of the number in the message
    private static void range(String field, String quantity, Number value, double least, double most) {
        if (value != null && !(value.doubleValue() >= least && value.doubleValue() <= most)) {
            throw new WrongFieldException(field,
                    quantity + " must be in [" + number(least) + ", " + number(most) + "], was " + value);
        }
    }

    private static String number(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    public static String brief(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "...";
    }
}
