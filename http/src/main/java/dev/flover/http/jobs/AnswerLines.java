package dev.flover.http.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.openai.AnswerKind;
import dev.flover.http.openai.AnswerParts;
import dev.flover.http.openai.WholeForm;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.Rejection;
import dev.flover.schemas.RejectionCode;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.schemas.lines.BatchError;
import dev.flover.schemas.lines.BatchLine.Form;
import dev.flover.schemas.lines.BatchLine.Good;
import dev.flover.topology.results.SaidAgain;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes the lines of the output files from results.
///
/// The values of a line of input that its line of output repeats are in the request's metadata, which comes back with
/// the result. So a result can be written without its line of input.
public final class AnswerLines {
    private static final String PREFIX = "flover.batch.";
    private static final String CUSTOM_ID = PREFIX + "custom_id";
    private static final String FORM = PREFIX + "form";
    private static final String MODEL = PREFIX + "model";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final String job;
    private final Supplier<@Nullable String> named;
    private @Nullable String model;
    private boolean isNamed;

    /// @param named returns the name of the model that answers lines without a model's name; null if it is not known,
    ///              so that their answers state the fingerprint of the model's file. It is asked when the first of
    ///              these lines has been answered: then a pipeline has registered
    public AnswerLines(String job, Supplier<@Nullable String> named) {
        this.job = job;
        this.named = named;
    }

    private String model(GenerationResult result) {
        String given = result.getMetadata().get(MODEL);
        if (given == null && !isNamed) {
            isNamed = true;
            model = named.get();
        }
        return given != null ? given : model != null ? model : result.getModel();
    }

    /// Values for the lines that do not set them.
    ///
    /// @param model null for the pipeline's default model
    public record Defaults(@Nullable String model, String tenant) {}

    /// Returns the reason why a line cannot be answered in a batch; null if it can.
    public static @Nullable String unsupported(GenerationRequest request) {
        return request.getLogprobs() == null && request.getPromptLogprobs() == null ? null
                : "logprobs cannot be had in a batch, because results have none; leave the field out, or send the "
                        + "request to the topic and read its tokens";
    }

    /// Returns the request of a line with the metadata that its line of output needs, in the batch class.
    public static GenerationRequest marked(Good line, Defaults defaults) {
        var given = line.request();
        var request = GenerationRequest.newBuilder(given)
                .setModel(given.getModel() != null ? given.getModel() : defaults.model())
                .setTenant(given.getTenant().isEmpty() ? defaults.tenant() : given.getTenant()).build();
        var metadata = new HashMap<>(request.getMetadata());
        metadata.put(FORM, line.form().name());
        if (line.customId() != null) {
            metadata.put(CUSTOM_ID, line.customId());
        }
        if (request.getModel() != null) {
            metadata.put(MODEL, request.getModel());
        }
        return GenerationRequest.newBuilder(request).setMetadata(metadata).setBatch(true).build();
    }

    /// Returns the number of a request's line; -1 if the request is not of this job.
    public long lineOf(String id) {
        if (!id.startsWith(job + "-")) {
            return -1;
        }
        try {
            return Long.parseLong(id, job.length() + 1, id.length(), 10);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /// @param partition of the results topic
    /// @param offset    of the record in that partition
    public Outcome outcome(GenerationResult result, int partition, long offset) {
        long line = lineOf(result.getRequestId());
        var error = error(line, result);
        if (error != null) {
            return Outcome.of(error).with(outcome -> outcome.partition(partition).offset(offset));
        }
        var form = Form.valueOf(result.getMetadata().getOrDefault(FORM, Form.OWN.name()));
        var object = form == Form.OWN ? own(line, result) : openAi(form, result);
        try {
            return OutcomeBuilder.builder().line(line).bytes(MAPPER.writeValueAsBytes(object))
                    .cached(result.getCached()).promptTokens(result.getPromptTokens())
                    .completionTokens(result.getCompletionTokens()).partition(partition).offset(offset).build();
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }

    /// Returns the error of a result without a whole answer; null if all its answers are whole.
    private static @Nullable BatchError error(long line, GenerationResult result) {
        var error = error(line, result, result.getFinishReason(), result.getMessage());
        for (var other : result.getOtherAnswers()) {
            error = error == null ? error(line, result, other.getFinishReason(), other.getMessage()) : error;
        }
        return error;
    }

    private static @Nullable BatchError error(
            long line, GenerationResult result, FinishReason reason, @Nullable String message) {
        String code = switch (reason) {
            case STOP, LENGTH, UNKNOWN -> isCut(result) ? "answer_too_large" : null;
            case REJECTED -> rejection(result.getRejection());
            case CANCELLED -> "batch_cancelled";
            case EXPIRED -> "batch_expired";
            case ERROR -> "server_error";
        };
        return code == null ? null : new BatchError(result.getRequestId(), line, result.getMetadata().get(CUSTOM_ID),
                code, Objects.requireNonNullElse(message, ""),
                result.getRejection() == null ? null : result.getRejection().getField());
    }

    /// Whether the answer was too large for a record of the results topic. The message then tells where it is.
    private static boolean isCut(GenerationResult result) {
        return result.getTokenIds().isEmpty() && result.getOtherAnswers().isEmpty() && result.getCompletionTokens() > 0;
    }

    /// @param rejection null in the results of older releases
    private static String rejection(@Nullable Rejection rejection) {
        return switch (rejection == null ? RejectionCode.UNKNOWN : rejection.getCode()) {
            case UNKNOWN, INVALID -> "invalid_request";
            case UNKNOWN_FIELD -> "unknown_parameter";
            case UNKNOWN_MODEL -> "model_not_found";
            case TOO_LARGE -> "request_too_large";
        };
    }

    private ObjectNode openAi(Form form, GenerationResult result) {
        String id = result.getRequestId();
        var kind = form == Form.CHAT ? AnswerKind.CHAT : AnswerKind.TEXT;
        var body = new WholeForm(new AnswerParts(kind, kind.idPrefix() + id,
                model(result), result.getFinishedAt().getEpochSecond(), null), 1 + result.getOtherAnswers().size());
        new SaidAgain(result).chunks(false, false).forEach(chunk -> body.add(0, chunk));
        var line = MAPPER.createObjectNode().put("id", id).put("custom_id", result.getMetadata().get(CUSTOM_ID));
        line.putObject("response").put("status_code", 200).put("request_id", id).set("body", body.whole());
        return line.putNull("error");
    }

    /// The fields of the result, without the times, which differ from run to run, and with the line's own id.
    private static ObjectNode own(long line, GenerationResult result) {
        var all = JsonRecords.tree(result);
        all.remove(List.of("requested_at", "finished_at"));
        var metadata = (ObjectNode) all.get("metadata");
        metadata.remove(List.of(CUSTOM_ID, FORM, MODEL));
        String given = result.getMetadata().get(CUSTOM_ID);
        return MAPPER.createObjectNode().put("id", given != null ? given : Long.toString(line)).setAll(all);
    }
}
