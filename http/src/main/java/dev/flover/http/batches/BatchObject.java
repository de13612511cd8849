package dev.flover.http.batches;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.jobs.JobOrder;
import dev.flover.http.jobs.JobState;
import dev.flover.http.jobs.JobsView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A batch as an object of OpenAI's API.
///
/// The statuses `validating` and `finalizing` do not occur: lines are checked before the batch exists, and output is
/// made when it is read.
///
/// @param outputs its output files that can be read
public record BatchObject(JobsView.Known known, List<ApiFile> outputs) {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FAILED = "failed";

    public BatchObject {
        outputs = List.copyOf(outputs);
    }

    public String status() {
        if (known.job().span().lines() == 0) {
            return FAILED;      // no line can be answered
        }
        return switch (known.state().phase()) {
            case RUNNING -> known.order() == JobOrder.CANCEL ? "cancelling" : "in_progress";
            case DONE -> "completed";
            case CANCELLED -> "cancelled";
            case EXPIRED -> "expired";
            case FAILED -> FAILED;
        };
    }

    public ObjectNode json() {
        var job = known.job();
        var call = job.madeBy();
        var object = JsonNodeFactory.instance.objectNode().put("id", job.id()).put("object", "batch")
                .put("endpoint", call.endpoint()).put("model", job.model());
        object.set("errors", errors());
        object.put("input_file_id", call.inputFile()).put("completion_window", call.window()).put("status", status())
                .put("output_file_id", output(false)).put("error_file_id", output(true));
        times(object);
        var counts = known.state().counts();
        object.putObject("request_counts").put("total", job.span().all()).put("completed", counts.answered())
                .put(FAILED, counts.failed() + job.span().wrong());
        object.putObject("usage").put("input_tokens", counts.tokensIn()).put("output_tokens", counts.tokensOut())
                .put("total_tokens", counts.tokensIn() + counts.tokensOut());
        var metadata = object.putObject("metadata");
        call.metadata().forEach(metadata::put);
        return object;
    }

    private @Nullable String output(boolean errors) {
        String id = ApiFile.idOf(known.job().id(), errors);
        return outputs.stream().map(ApiFile::id).filter(id::equals).findFirst().orElse(null);
    }

    private void times(ObjectNode object) {
        long created = known.job().createdMs() / 1_000;
        object.put("created_at", created).put("in_progress_at", known.job().span().lines() == 0 ? null : created)
                .put("expires_at", known.job().deadlineMs() / 1_000);
        Long ended = known.job().span().lines() == 0 ? Long.valueOf(created)
                : known.state().isFinal() ? Long.valueOf(known.stateMs() / 1_000) : null;
        String status = status();
        object.put("finalizing_at", status.equals("completed") ? ended : null);
        for (String end : List.of("completed", FAILED, "expired", "cancelled")) {
            object.put(end + "_at", status.equals(end) ? ended : null);
        }
        object.put("cancelling_at", known.order() == JobOrder.CANCEL ? Long.valueOf(known.orderedMs() / 1_000) : null);
    }

    /// Returns why the batch has failed; null if it has not.
    private @Nullable ObjectNode errors() {
        if (!status().equals(FAILED)) {
            return null;
        }
        var list = JsonNodeFactory.instance.objectNode().put("object", "list");
        var data = list.putArray("data");
        for (String error : known.job().madeBy().errors()) {
            data.add(error(error));
        }
        if (data.isEmpty()) {
            boolean lost = known.state().phase() == JobState.Phase.FAILED;
            data.addObject().put("code", lost ? "lines_lost" : "empty_file").put("message", lost
                    ? known.state().message() : "the file has no line; expected one request a line").putNull("param")
                    .putNull("line");
        }
        return list;
    }

    private static ObjectNode error(String line) {
        try {
            return (ObjectNode) MAPPER.readTree(line).get("error");
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }
}
