package dev.flover.topology.results;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.schemas.FlatResult;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.ToolCall;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.topology.config.PipelineConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/// Makes the records of the topic of flat results: one for each answer, with scalar fields only, as the sinks of
/// databases take them.
public final class FlatRows {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    /// Separates the request's id from the number of an answer in a record's key.
    private static final String NUMBER = "#";
    private static final Pattern ENDS_IN_NUMBER = Pattern.compile(NUMBER + "\\d+$");

    private final PipelineConfig config;
    private final Serializer<FlatResult> values;
    private final int mostBytes;

    /// A record of the topic.
    ///
    /// @param value null where the row is erased
    public record Row(byte[] key, byte @Nullable [] value) {}

    /// @param mostBytes the largest value; the prompt is left out of a row that would be larger
    public FlatRows(PipelineConfig config, Serializer<FlatResult> values, int mostBytes) {
        this.config = config;
        this.values = values;
        this.mostBytes = mostBytes;
    }

    /// Returns the rows of a result; none if the pipeline writes no flat results.
    ///
    /// @param request null where it could not be read
    public List<Row> of(GenerationResult result, @Nullable GenerationRequest request) {
        if (!isOn()) {
            return List.of();
        }
        var rows = new ArrayList<Row>();
        var first = row(result, request).setText(result.getText()).setFinishReason(result.getFinishReason().name())
                .setMessage(result.getMessage()).setStop(result.getStop()).setArithmetic(result.getArithmetic())
                .setToolCalls(calls(result.getToolCalls())).setCompletionTokens(tokens(result));
        rows.add(new Row(key(result.getRequestId(), 0), bytes(first.build())));
        for (var other : result.getOtherAnswers()) {
            var next = row(result, request).setAnswer(other.getAnswer()).setText(other.getText())
                    .setFinishReason(other.getFinishReason().name()).setMessage(other.getMessage())
                    .setStop(other.getStop()).setToolCalls(calls(other.getToolCalls()))
                    .setArithmetic(other.getArithmetic().isEmpty() ? result.getArithmetic() : other.getArithmetic())
                    .setCompletionTokens(other.getTokenIds().size());
            rows.add(new Row(key(result.getRequestId(), other.getAnswer()), bytes(next.build())));
        }
        return rows;
    }

    /// Returns the records that erase the rows of a request: as many as it may have had answers.
    public List<Row> erased(String id) {
        var rows = new ArrayList<Row>();
        for (int answer = 0; isOn() && answer < config.limits().answers(); answer++) {
            rows.add(new Row(key(id, answer), null));
        }
        return rows;
    }

    private boolean isOn() {
        return config.topics().flatResults() != null;
    }

    /// Returns the key of a row. Without the number 0, the first answer of a request whose id is another request's id
    /// and a number would have the key of that request's further answer.
    private static byte[] key(String id, int answer) {
        boolean isPlain = answer == 0 && !ENDS_IN_NUMBER.matcher(id).find();
        return (isPlain ? id : id + NUMBER + answer).getBytes(StandardCharsets.UTF_8);
    }

    /// Returns a row with the fields that all answers of a result share.
    private FlatResult.Builder row(GenerationResult result, @Nullable GenerationRequest request) {
        var rejection = result.getRejection();
        String model = request == null ? null : request.getModel();
        return FlatResult.newBuilder().setRequestId(result.getRequestId()).setTenant(result.getTenant())
                .setConversation(result.getConversation()).setPrompt(config.flatPrompts() ? prompt(request) : null)
                .setRejectionCode(rejection == null ? null : rejection.getCode().name())
                .setRejectionField(rejection == null ? null : rejection.getField())
                .setPromptTokens(result.getPromptTokens()).setModel(model == null ? config.servedModel() : model)
                .setFingerprint(result.getModel()).setRequestedAt(result.getRequestedAt())
                .setFinishedAt(result.getFinishedAt()).setCached(result.getCached())
                .setMetadata(MAPPER.valueToTree(new TreeMap<>(result.getMetadata())).toString());
    }

    /// An answer that was too large for the results topic has no ids there, and only the number of its tokens.
    private static int tokens(GenerationResult result) {
        return result.getTokenIds().isEmpty() && result.getOtherAnswers().isEmpty() ? result.getCompletionTokens()
                : result.getTokenIds().size();
    }

    private static @Nullable String prompt(@Nullable GenerationRequest request) {
        return request == null ? null : request.getMessages() == null ? request.getPrompt()
                : array(request.getMessages());
    }

    private static @Nullable String calls(List<ToolCall> calls) {
        return calls.isEmpty() ? null : array(calls);
    }

    private static String array(List<? extends SpecificRecord> records) {
        return records.stream().map(record -> new String(JsonRecords.write(record), StandardCharsets.UTF_8))
                .collect(Collectors.joining(",", "[", "]"));
    }

    private byte[] bytes(FlatResult row) {
        byte[] whole = values.serialize(config.topics().flatResults(), row);
        if (whole.length <= mostBytes || row.getPrompt() == null) {
            return whole;
        }
        return values.serialize(config.topics().flatResults(), FlatResult.newBuilder(row).setPrompt(null).build());
    }
}
